"""What run history says: facts for rules, bottlenecks, forecasts. Lists of runs in, figures out."""
