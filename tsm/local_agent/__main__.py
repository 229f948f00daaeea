"""`python -m tsm.local_agent`: the agent, where the command isn't installed."""

from tsm.local_agent.command import main

if __name__ == "__main__":
    main()
