"""One file per ruleset kind: its facts, its outputs, its hit policies, its page of documentation.

A kind is found by its module: a file here that defines KIND is a kind; nothing else lists them.
"""
