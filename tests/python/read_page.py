"""Reads the page of boards as a browser would: panels with their tables, and what is wrong with the HTML."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

# elements that HTML closes by itself
VOID = {"meta", "link"}


@dataclass
class Figure:
    """A cell: its text, and the exact figure where it has one."""

    text: str = ""
    value: str | None = None


@dataclass
class SeenPanel:
    """A panel: its heading, whether it has a picture or a sentence in place of figures, and its rows."""

    board: str
    title: str = ""
    has_picture: bool = False
    empty: str = ""
    # what stands below about cells without figures
    remarks: list[str] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    rows: list[list[Figure]] = field(default_factory=list)


class Page(HTMLParser):
    """What was found; `faults` are elements that are not closed in order, and ids or names that lead nowhere."""

    def __init__(self, source: str) -> None:
        super().__init__(convert_charrefs=True)
        self.panels: list[SeenPanel] = []
        self.faults: list[str] = []
        self.links: list[str] = []
        self.reachable: list[str] = []
        self.headings: list[str] = []
        self._open: list[tuple[str, dict[str, str]]] = []
        self._ids: list[str] = []
        self._named: list[str] = []
        self._board = ""
        self.feed(source)
        self.close()
        self.faults += [f"<{tag}> is never closed" for tag, _ in self._open]
        self.faults += [f"id {each} twice" for each in {each for each in self._ids if self._ids.count(each) > 1}]
        self.faults += [f"nothing has the id {each}" for each in {*self._named} - {*self._ids}]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if len(said) != len(attrs):
            self.faults.append(f"<{tag}> says something twice")
        if tag not in VOID:
            self._open.append((tag, said))
        if "id" in said:
            self._ids.append(said["id"])
        self._named += said.get("aria-labelledby", "").split()
        self._named += [said["href"][1:]] if said.get("href", "").startswith("#") else []
        self.links += [said[name] for name in ("href", "src", "action", "data", "poster") if name in said]
        if tag in ("a", "summary") or said.get("tabindex") == "0":
            self.reachable.append(tag)
        if tag == "section":
            self._board = said["id"]
        if tag == "figure":
            self.panels.append(SeenPanel(self._board))
        if tag in ("h1", "h2", "h3"):
            self.headings.append(tag)
        if self.panels:
            panel = self.panels[-1]
            panel.has_picture |= "picture" in said.get("class", "").split()
            if tag == "tr" and self._inside("tbody"):
                panel.rows.append([])
            if tag == "li":
                panel.rows.append([Figure()])
            if (tag in ("td", "th") and self._inside("tbody")) or tag == "dd":
                if tag == "dd":
                    panel.rows = panel.rows or [[]]
                panel.rows[-1].append(Figure())
            if (tag == "th" and self._inside("thead")) or tag == "dt":
                panel.headings.append("")
            if tag == "data":
                panel.rows[-1][-1].value = said["value"]

    def handle_endtag(self, tag: str) -> None:
        if not self._open or self._open[-1][0] != tag:
            self.faults.append(f"</{tag}> closes {self._open[-1][0] if self._open else 'nothing'}")
        else:
            self._open.pop()

    def handle_data(self, text: str) -> None:
        if not self.panels or not text.strip():
            return
        panel = self.panels[-1]
        if self._inside("h3"):
            panel.title += text
        elif (self._inside("tbody") or self._inside("dd") or self._inside("li")) and panel.rows and panel.rows[-1]:
            panel.rows[-1][-1].text += text
        elif self._inside("thead") or self._inside("dt"):
            panel.headings[-1] += text
        elif any(said.get("class") == "empty" for _, said in self._open):
            panel.empty += text
        elif self._open[-1] == ("p", {"class": "few"}):
            panel.remarks.append(text)

    def _inside(self, tag: str) -> bool:
        return any(each == tag for each, _ in self._open)
