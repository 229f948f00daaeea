import sys

from portal.supervision import folder
from portal.supervision.processes import house
from portal.supervision.supervisor import Supervisor

if __name__ == "__main__":
    match sys.argv[1:]:
        case []:
            sys.exit(Supervisor(house()).run())
        case ["reset"]:
            sys.exit(folder.reset(house().var))
        case _:
            sys.exit("python -m portal.supervision [reset]")
