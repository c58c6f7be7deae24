"""Rules in people's hands: who may write, sign, return, activate and see which ruleset."""
