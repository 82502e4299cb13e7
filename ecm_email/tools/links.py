"""The body of an e-mail with what tells of it: links that lead over us, a picture, an opt-out."""

from __future__ import annotations

import html
import re
from collections.abc import Callable

# A link that a person can follow; others, such as tel: or #top, stay as they are.
_LINK = re.compile(r"""(<a\b[^>]*?\bhref\s*=\s*)(["'])(https?://[^"']+)\2""", re.IGNORECASE)
_END = re.compile(r"</body\s*>", re.IGNORECASE)


def prepare_body(
    body: str,
    track: Callable[[str], str] | None,
    opt_out_url: str,
    opt_out_text: str,
    picture_url: str,
) -> str:
    """
    >>> prepare_body('<a href="https://a.b/?x=1&amp;y=2">A</a>', lambda url: "t:" + url, "o", "O", "")
    '<a href="t:https://a.b/?x=1&amp;y=2">A</a><p style="font-size:small"><a href="o">O</a></p>'

    :param body: HTML
    :param track: makes the address that a link leads over, None where clicks are not noted
    :param picture_url: tells that the e-mail was opened; empty where that is not asked
    """
    if track:
        body = _LINK.sub(lambda match: _lead_over(match, track), body)
    opt_out = html.escape(opt_out_url)
    end = f'<p style="font-size:small"><a href="{opt_out}">{html.escape(opt_out_text)}</a></p>'
    if picture_url:
        end += f'<img src="{html.escape(picture_url)}" width="1" height="1" alt=""/>'
    place = _END.search(body)
    return f"{body[: place.start()]}{end}{body[place.start() :]}" if place else f"{body}{end}"


def _lead_over(match: re.Match[str], track: Callable[[str], str]) -> str:
    before, quote, url = match.groups()
    return f"{before}{quote}{html.escape(track(html.unescape(url)))}{quote}"
