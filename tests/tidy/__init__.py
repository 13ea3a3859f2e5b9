"""The house rules, executable: each test is one rule, and its failure names every place that breaks it."""
