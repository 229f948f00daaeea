"""The workspace's console: pages below /providers/<organisation>/workspace/ for whoever builds against the sandbox.

rooms       what the console consists of
access      who may see and do what: owner and developer act, others read
telling     an event of the trace, as its page shows it
tour        a guided tour whose steps check themselves
views       a module for each room
"""
