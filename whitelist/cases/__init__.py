"""Registration cases: from the first word of a draft to the decision."""
