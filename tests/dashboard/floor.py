"""An empty page, served as the dashboard is: what Streamlit and the machine take by themselves.

python -m tests.dashboard.floor --port 8502
"""

import argparse
from pathlib import Path

from goldilocks.dashboard import server

PAGE = Path(__file__).with_name("empty_page.py")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    server.serve(server.listen("127.0.0.1", parser.parse_args().port), PAGE)


if __name__ == "__main__":
    main()
