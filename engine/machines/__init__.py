"""The machines every capability uses: approval, instruction, matching, posting."""
