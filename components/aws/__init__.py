"""Components of resources in AWS."""
