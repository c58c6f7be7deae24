"""The monitor: alerts over what happens, and a second opinion on every decision.

It reads what was committed, never what is being decided: nothing that goes wrong here can touch
a payment, except that a hold may be placed on what has not left.
"""
