"""What ``anime doctor`` looks at: whether a stack can be deployed, and whether one that is deployed is well.

Two kinds of modules. ``ask_*`` go out and come back with facts: they have time limits, repeat nothing, and an answer
that does not come is a fact too (``errors``). The others are pure: from facts to findings (``findings``), so that each
judgement can be tested without anything outside. ``diagnosis`` puts both together.

Whoever runs it needs the rights listed in ``rights``, all of them to read but one, and none at all for what is on the
machine itself. Without one of them its line says which, and the rest is looked at all the same. Values of credentials
never come as far as a fact: the checks know names of variables, whether a secret has a value, and kinds of errors.
"""
