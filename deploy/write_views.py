"""`python -m deploy.write_views TOPICS_FILE FOLDER`: writes each principal's part of the catalogue.

The same as `tse topics export --principal` for every principal, without the lab's local stack.
"""

import sys
from pathlib import Path

from eventlog.catalogue.load import load_catalogue
from eventlog.catalogue.view import view_of


def main(topics_file: Path, folder: Path) -> None:
    """Write `<principal>.json` into `folder` for each principal of the catalogue."""
    catalogue = load_catalogue(topics_file)
    folder.mkdir(parents=True)
    for principal in catalogue.principals:
        (folder / f"{principal}.json").write_text(view_of(catalogue, principal).to_json())


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
