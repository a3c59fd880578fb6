"""How Chinese characters may be typed in Latin letters: whole syllables and initials, from every character on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice, product

from crmframe.core.entities.sort_key import is_han, syllable_of

MOST_CHARACTERS = 40
# Longer ones are cut, in documents and queries alike: four or five syllables tell a name well enough.
LETTERS, INITIALS = 16, 8
MOST_READINGS = 8

# Characters of names, places and companies that are read in more than one way. Every reading finds them.
_READINGS = {
    "单": "dan shan chan", "曾": "zeng ceng", "行": "hang xing", "重": "chong zhong", "长": "chang zhang",
    "乐": "le yue", "朝": "chao zhao", "都": "du dou", "厦": "xia sha", "藏": "zang cang", "和": "he huo",
    "阿": "a e", "调": "tiao diao", "模": "mo mu", "佛": "fo fu", "解": "jie xie", "仇": "qiu chou",
    "查": "cha zha", "盖": "gai ge", "区": "qu ou", "朴": "piao pu", "翟": "zhai di", "覃": "qin tan",
    "缪": "miao mou", "员": "yuan yun", "种": "zhong chong", "尉": "wei yu", "车": "che ju", "大": "da dai",
    "六": "liu lu", "蚌": "beng bang", "番": "fan pan", "莞": "guan wan", "会": "hui kuai", "晟": "sheng cheng",
    "奇": "qi ji", "校": "xiao jiao", "薄": "bo bao", "省": "sheng xing", "便": "bian pian", "茜": "qian xi",
    "参": "can shen", "率": "lv shuai", "降": "jiang xiang", "系": "xi ji", "传": "chuan zhuan", "弹": "tan dan",
    "柏": "bai bo", "秘": "mi bi", "繁": "fan po", "万": "wan mo", "俟": "si qi", "埔": "pu bu", "露": "lu lou",
    "血": "xue xie", "熟": "shu shou", "角": "jiao jue", "卡": "ka qia", "咖": "ka ga", "巷": "xiang hang",
    "觉": "jue jiao", "屏": "ping bing", "宿": "su xiu", "贾": "jia gu", "褚": "chu zhu", "谌": "chen shen",
    "那": "na nuo", "祭": "ji zhai", "折": "zhe she", "宓": "mi fu", "黑": "hei he", "牟": "mou mu",
    "召": "zhao shao", "郗": "xi chi", "费": "fei bi", "隗": "wei kui", "什": "shi shen", "地": "di de",
    "的": "de di", "还": "hai huan", "度": "du duo", "得": "de dei", "石": "shi dan", "台": "tai", "丽": "li",
    "逄": "pang", "冼": "xian", "适": "shi kuo", "洗": "xi xian", "尹": "yin", "华": "hua", "任": "ren",
    "吕": "lv lu lyu", "女": "nv nu", "绿": "lv lu", "旅": "lv lu", "律": "lv lu", "铝": "lv lu", "略": "lve lue",
    "闾": "lv lu", "履": "lv lu", "虑": "lv lu", "侣": "lv lu", "钕": "nv nu", "滤": "lv lu", "氯": "lv lu",
    "驴": "lv lu", "屡": "lv lu", "掠": "lve lue", "虐": "nve nue", "藉": "jie ji", "拓": "tuo ta", "叶": "ye xie",
}  # fmt: skip


def spellings(text: str) -> Iterator[str]:
    """Yield what people type for the Chinese characters of *text*: from each of them on, syllables and initials."""
    characters = [c for c in text if is_han(c)][:MOST_CHARACTERS]
    syllables = [_readings_of(c) for c in characters]
    for start in range(len(syllables)):
        for chosen in _chosen(syllables[start : start + LETTERS // 2]):
            yield "".join(chosen)[:LETTERS]
            yield "".join([syllable[0] for syllable in chosen[:INITIALS]])


def _chosen(syllables: Sequence[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the ways to read the characters in a row, not more than a few: what comes first varies last."""
    return islice(product(*syllables), MOST_READINGS)


@lru_cache(maxsize=30_000)
def _readings_of(character: str) -> tuple[str, ...]:
    known = _READINGS.get(character)
    return tuple(known.split()) if known else (syllable_of(character),)
