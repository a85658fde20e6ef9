"""Names that name nobody in particular: 等有关部门, 各成员单位, 各镇街."""

import re

from services.schedule.spelling import LEVEL, SEAT, show

_OPEN_WORD = re.compile(r"等|各|有关|相关|其[他它]|[0-9一二三四五六七八九十][个家]")
_UNNAMED = re.compile(
    r"(?:等|各|[0-9一二三四五六七八九十]+[个家]?|全市|本级|所属|国家|中央|[省市州县区镇乡][直级属]?|政府|有关|相关|其[他它]|职能|成员|"
    r"责任|牵头|配合|主管|业务|参与|承办|、|机关|（驻.）)*(?:部门|单位|地区|地方|机构|企业|团体|组织|方面|等|地|"
    r"乡镇(?:街道)?|镇街|县区|区县|县市区|镇（街道?）|乡镇（街道）)"
)
_COLLECTIVE = re.compile(
    r"(?:全?[省市州县区]|[省市州县区][直级属]|[省市州县区]政?府(?:直属)?|沿[海江线])*(?:各(?!界)|有关|相关|涉及|其[他它]).+"
    r"|.{0,6}(?:所在地|属地|事发地).+"
    rf"|(?:{SEAT}、?)*驻.{{1,2}}(?:有关|各)*(?:单位|机构|部门|企业)"
    rf"|(?:{LEVEL}、?){{2,}}级?(?:人民政府|政府|党委|管委会|办事处)(?:（[^（）]*）)?"
    rf"|{SEAT}?(?:属|直属?)(?:国有)?(?:事业)?(?:单位|机构|部门|企业)|(?:乡镇|街道|镇街)(?:人民政府|政府|办事处)?"
    rf"|(?:{LEVEL}、?){{2,}}|[市县区镇乡]（(?:[市县区乡]、?|街道?|园区)+）(?:人民政府|政府|党委|管委会)?(?:（[^（）]*）)?"
)


def is_unnamed(name: str) -> bool:
    """Return whether a name is a word for units without naming any (等有关部门, 各有关部门, 市直各单位)."""
    name = show(name)
    return _UNNAMED.fullmatch(name) is not None and _OPEN_WORD.search(name) is not None


def is_open(name: str) -> bool:
    """Return whether a name stands for units that it does not name, also for all of a kind (各镇街, 县级以上各政府)."""
    return is_unnamed(name) or _COLLECTIVE.fullmatch(show(name)) is not None
