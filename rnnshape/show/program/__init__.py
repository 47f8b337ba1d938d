"""What only programs have: their rows, the graph of their calls, where and why one stopped.

section    the answer to a program as a section: every tensor in the order of the code
notes      what else there is to say of it
graph      who feeds whom
diagnosis  where and why a program stopped, and the changed line with which it runs
"""
