#!/usr/bin/python3
# timeout: 240
"""data/fetch.sh against web servers on localhost: complete, interrupted, wrong, absent."""

import functools
import gzip
import http.server
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import unittest

SOURCE = pathlib.Path(os.environ.get("LOCKSTEP_SOURCE_DIR", pathlib.Path(__file__).parents[2]))
PACKAGE = pathlib.Path("/usr/share/datasets/fashion-mnist")
IMAGES = "train-images-idx3-ubyte.gz"
LABELS = "t10k-labels-idx1-ubyte.gz"
NAMES = [IMAGES, "train-labels-idx1-ubyte.gz", "t10k-images-idx3-ubyte.gz", LABELS]


class Server:
    """Serves the package's files; each behaviour that a test wants is an attribute."""

    def __init__(self):
        self.requests = []  # (file name, value of Range or None)
        self.replaced = {}  # name: bytes served instead
        self.missing = set()  # names answered with 404
        self.cut = {}  # name: bytes after which the connection breaks
        self.ranges = True  # whether Range is honoured
        handler = functools.partial(Handler, self)
        self.http = http.server.ThreadingHTTPServer(("localhost", 0), handler)
        threading.Thread(target=self.http.serve_forever, daemon=True).start()

    @property
    def url(self):
        return f"http://localhost:{self.http.server_address[1]}/folder"

    def close(self):
        self.http.shutdown()
        self.http.server_close()


class Handler(http.server.BaseHTTPRequestHandler):
    def __init__(self, server_state, *arguments):
        self.state = server_state
        super().__init__(*arguments)

    def log_message(self, *_):
        pass

    def do_GET(self):
        name = self.path.rsplit("/", 1)[1]
        wanted = self.headers.get("Range")
        self.state.requests.append((name, wanted))
        if name in self.state.missing or name not in NAMES:
            self.send_error(404)
            return
        body = self.state.replaced.get(name) or (PACKAGE / name).read_bytes()
        first = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted and self.state.ranges else 0
        if first > 0 and first >= len(body):
            self.send_error(416)
            return
        self.send_response(206 if first else 200)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(body) - 1}/{len(body)}")
        self.send_header("Content-Length", str(len(body) - first))
        self.end_headers()
        self.wfile.write(body[first : self.state.cut.get(name, len(body))])


class Fetch(unittest.TestCase):
    def setUp(self):
        self.assertTrue(PACKAGE.is_dir(), "this test serves Fashion-MNIST: apt-get install dataset-fashion-mnist")
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lockstep_fetch_"))
        self.addCleanup(shutil.rmtree, self.folder)
        self.to = self.folder / "set"
        self.server = Server()
        self.addCleanup(self.server.close)

    def fetch(self, *arguments, **environment):
        return subprocess.run(
            ["bash", SOURCE / "data/fetch.sh", *arguments],
            env={**os.environ, "no_proxy": "localhost", **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def fetch_set(self, *mirrors, **environment):
        named = [part for mirror in mirrors or (self.server.url,) for part in ("--mirror", mirror)]
        return self.fetch("fashion_mnist", "--to", str(self.to), *named, **environment)

    def have_all_but(self, *names):
        """As after a fetch, without some of the files."""
        self.to.mkdir()
        for name in set(NAMES) - set(names):
            shutil.copy(PACKAGE / name, self.to)

    def assert_complete(self, run):
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(sorted(os.listdir(self.to)), sorted(NAMES))
        for name in NAMES:
            self.assertEqual((self.to / name).read_bytes(), (PACKAGE / name).read_bytes(), name)

    def assert_refused(self, run, code, *words):
        self.assertEqual(run.returncode, code, run.stderr)
        self.assertEqual(len(run.stderr.splitlines()), 1, run.stderr)
        for word in words:
            self.assertIn(word, run.stderr)

    def test_fetches_all_files_and_a_second_time_none(self):
        self.assert_complete(self.fetch_set())
        self.assertEqual([name for name, _ in self.server.requests], NAMES)
        self.server.requests.clear()
        self.assert_complete(self.fetch_set())
        self.assertEqual(self.server.requests, [])

    def test_an_interrupted_transfer_is_continued_where_it_broke(self):
        self.have_all_but(IMAGES)
        self.server.cut = {IMAGES: 9_000_001}
        self.assert_refused(self.fetch_set(), 3, IMAGES, self.server.url, "--mirror")
        self.assertEqual((self.to / f"{IMAGES}.part").stat().st_size, 9_000_001)
        self.assertFalse((self.to / IMAGES).exists())
        self.server.cut = {}
        self.assert_complete(self.fetch_set())
        self.assertEqual(self.server.requests[-1], (IMAGES, "bytes=9000001-"))

    def test_wget_does_the_same_where_there_is_no_curl(self):
        tools = self.folder / "bin"
        tools.mkdir()
        for tool in ("bash", "cat", "dirname", "flock", "grep", "gzip", "head", "mkdir", "mv", "rm", "sed",
                     "sha256sum", "tail", "wget"):
            (tools / tool).symlink_to(shutil.which(tool))
        self.have_all_but(IMAGES)
        self.server.cut = {IMAGES: 9_000_001}
        self.assert_refused(self.fetch_set(PATH=str(tools)), 3, IMAGES)
        self.server.cut = {}
        self.assert_complete(self.fetch_set(PATH=str(tools)))
        self.assertEqual(self.server.requests[-1], (IMAGES, "bytes=9000001-"))

    def test_a_server_that_cannot_continue_gives_the_file_anew(self):
        self.have_all_but(LABELS)
        (self.to / f"{LABELS}.part").write_bytes((PACKAGE / LABELS).read_bytes()[:1000])
        self.server.ranges = False
        self.assert_complete(self.fetch_set())

    def test_a_part_that_belongs_to_other_bytes_is_dropped(self):
        for length in (1000, 1_000_000):  # continued and wrong, or longer than the file
            with self.subTest(length=length):
                shutil.rmtree(self.to, ignore_errors=True)
                self.have_all_but(LABELS)
                (self.to / f"{LABELS}.part").write_bytes(bytes(length))
                self.assert_complete(self.fetch_set())

    def test_a_whole_part_is_taken_without_asking_a_server(self):
        self.have_all_but(LABELS)
        shutil.copy(PACKAGE / LABELS, self.to / f"{LABELS}.part")
        self.assert_complete(self.fetch_set())
        self.assertEqual(self.server.requests, [])

    def test_wrong_content_is_refused_and_not_kept(self):
        self.have_all_but(LABELS)
        self.server.replaced = {LABELS: (PACKAGE / NAMES[1]).read_bytes()}  # whole, but another file
        self.assert_refused(self.fetch_set(), 3, LABELS, "another checksum")
        self.assertEqual(sorted(os.listdir(self.to)), sorted(set(NAMES) - {LABELS}))

    def test_a_damaged_file_is_fetched_again(self):
        self.have_all_but(LABELS)
        (self.to / LABELS).write_bytes((PACKAGE / LABELS).read_bytes()[:-1])
        self.assert_complete(self.fetch_set())
        self.assertEqual(self.server.requests, [(LABELS, None)])

    def test_a_wrong_raw_file_is_moved_out_of_the_way_of_the_gzipped_one(self):
        for raw in (LABELS.removesuffix(".gz"), "t10k-labels.idx1-ubyte"):
            with self.subTest(raw=raw):
                shutil.rmtree(self.to, ignore_errors=True)
                self.have_all_but()
                (self.to / raw).write_bytes(b"damaged")
                run = self.fetch_set()
                self.assertEqual(run.returncode, 0, run.stderr)
                self.assertIn(f"{raw}.damaged", run.stdout)
                self.assertEqual((self.to / f"{raw}.damaged").read_bytes(), b"damaged")
                self.assertEqual(sorted(os.listdir(self.to)), sorted([*NAMES, f"{raw}.damaged"]))
                self.assertEqual(self.server.requests, [])

    def test_a_right_raw_file_is_enough_however_it_is_packed(self):
        content = gzip.decompress((PACKAGE / LABELS).read_bytes())
        for packed in (content, gzip.compress(content)):
            shutil.rmtree(self.to, ignore_errors=True)
            self.have_all_but(LABELS)
            (self.to / LABELS.removesuffix(".gz")).write_bytes(packed)
            self.assertEqual(self.fetch_set().returncode, 0)
            self.assertEqual((self.to / LABELS.removesuffix(".gz")).read_bytes(), packed)
            self.assertEqual(self.server.requests, [])

    def test_the_next_mirror_is_tried_and_a_404_keeps_the_part(self):
        other = Server()
        self.addCleanup(other.close)
        self.have_all_but(IMAGES)
        (self.to / f"{IMAGES}.part").write_bytes((PACKAGE / IMAGES).read_bytes()[:5000])
        self.server.missing = {IMAGES}
        self.assert_complete(self.fetch_set(self.server.url, other.url + "/"))
        self.assertEqual(other.requests, [(IMAGES, "bytes=5000-")])

    def test_mirrors_may_come_from_the_environment(self):
        self.have_all_but(LABELS)
        run = self.fetch("fashion_mnist", "--to", str(self.to), LOCKSTEP_MIRRORS=f"{self.server.url} http://unused")
        self.assert_complete(run)

    def test_every_mirror_that_failed_is_named_with_its_reason(self):
        self.have_all_but(LABELS)
        self.server.missing = {LABELS}
        nobody = Server()
        nobody.close()
        run = self.fetch_set(self.server.url, nobody.url)
        self.assert_refused(run, 3, self.server.url, "404", nobody.url, "onnect", str(self.to))

    def test_a_folder_that_cannot_be_made_is_refused(self):
        run = self.fetch("fashion_mnist", "--to", "/proc/self/nowhere", "--mirror", self.server.url)
        self.assert_refused(run, 3, "/proc/self/nowhere", "--to")

    def test_usage_mistakes_exit_with_2_and_help_with_0(self):
        self.assertEqual(self.fetch("--help").returncode, 0)
        self.assertIn("--mirror", self.fetch("--help").stdout)
        self.assertEqual(self.fetch().returncode, 2)
        self.assert_refused(self.fetch("cifar"), 2, "cifar", "mnist")
        self.assert_refused(self.fetch("mnist", "--form", "x"), 2, "--form")
        self.assert_refused(self.fetch("mnist", "--to"), 2, "--to")
        self.assert_refused(self.fetch("mnist", "fashion_mnist"), 2, "one data set")


if __name__ == "__main__":
    sys.exit(not unittest.main(verbosity=2, exit=False).result.wasSuccessful())
