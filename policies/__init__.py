"""What every resource of every stack must keep, judged by Pulumi while it previews and before it changes anything.

Each module states rules of one kind; ``pack.ALL`` holds them all. The pack itself is started by ``__main__`` alone.
"""
