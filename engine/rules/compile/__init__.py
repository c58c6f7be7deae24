"""A ruleset and one set of parameters become one generated function: facts in, Decision out.

This is the one package that builds code, and it builds a syntax tree: names and values of a
ruleset enter as constants or as bound objects, never as source text. The tree becomes code in
`names` and nowhere else.

    whole                     the function `decide`, and the Evaluator around it
    conditions, facts         a cell as a test; reading a fact and finding the rows it satisfies
    outputs                   what a row gives
    formulas                  numbers and comparisons, of conditions and of outputs
    context, names, tree      what one compilation knows; objects by name; small trees
"""

from engine.rules.compile.whole import compile_ruleset

__all__ = ["compile_ruleset"]
