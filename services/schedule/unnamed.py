"""Names that name nobody in particular: 等有关部门, 各成员单位, 各镇街, 国务院相关部门."""

import re

from services.schedule.endings import NAME_END
from services.schedule.spelling import LEVEL, SEAT, show

_OPEN_WORD = re.compile(r"等|各|有关|相关|其[他它]|[0-9一二三四五六七八九十][个家]")
_NOUN = (
    r"(?:部门|单位|地区|地方|机构|企业|团体|组织|方面|公司|专班|科室|处室|股室|等|地|"
    r"乡镇(?:街道)?|镇街|县区|区县|县市区|镇（街道?）|乡镇（街道）)"
)
_UNNAMED = re.compile(
    r"(?:等|各|[0-9一二三四五六七八九十][个家]?|全市|本级|所属|国家|中央|国务院|[省市州县区镇乡][直级属]?|政府|有关|相关|其[他它]|职能|成员|"
    rf"责任|牵头|配合|主管|业务|专项|参与|承办|、|和|机关|（驻.）)*{_NOUN}(?:（[^（）]*）)?(?:和{_NOUN})*"
)
_ALONE = (
    rf"{SEAT}?(?:属|直属?|国有|派驻|派出|直属|下属|所属|垂直管理|大型?|企|事业)*(?:企事业)?(?:单位|机构|部门|企业)"
    rf"|{SEAT}?(?:属|直属?)?(?:国有|集团)公司"
)
"""Nouns of a kind, without a name: 派驻机构, 事业单位, 市属国有企业."""

_COLLECTIVE = re.compile(
    rf"(?:{SEAT}[属直]?、)*[^、（）等]{{0,12}}(?:各(?!界)|有关|相关|涉及|其[他它]).+"
    r"|.{0,6}(?:所在(?=地|[省市县区镇乡街社园村])|属地|事发地).+"
    rf"|(?:{SEAT}[属直]?、?)*驻.{{1,2}}(?:有关|各)*(?:[^、]{{0,4}}单位|机构|部门|企业|高校|院校|部队)"
    rf"|(?:{LEVEL}、?){{2,}}(?:[两三四]?级)?(?:人民政府|政府|党委|管委会|办事处)?(?:（[^（）]*）)?"
    rf"|{_ALONE}|(?:乡镇|街道|镇街)(?:人民政府|政府|办事处)?|[乡镇](?:人民)?政府"
    r"|[市县区镇乡]（(?:[市县区乡]、?|街道?|园区)+）(?:人民政府|政府|党委|管委会)?(?:（[^（）]*）)?"
    r"|(?:开发区|园区|功能区|[镇乡])（(?:开发区|园区|功能区|街道?)）(?:管委会|政府)?"
    r"|(?:试点|示范|重点|沿线|涉农|创建|贫困)(?:城市|地区|市县|[省市县区])(?:党委和?)?(?:人民)?政府|定点[^、]{2,8}"
    r"|辖区(?:内)?[^、]{0,8}(?:企业|单位|商户|学校|医院|场所|公司)|[^、各]{0,4}(?:服务|承包|供应|运营|开发|经销|集成|承建|代理)商"
    r"|.{2,}成员单位|[省市县]级[^、]+主管部门|(?:直属|所属|下属)[^、]{1,10}(?:[局站所队]|企业|公司|学校|医院|院校)|二级(?:单位|机构)|(?:行业|业务)主管(?:单位|部门)|(?:项目业主|业主|施工|监理|设计|建设|运营|用地|产权|双管|垂管|驻地|用人)单位|(?:中等|高等)?职业(?:学校|院校)|(?:高等|大中专|中小)(?:院校|学校)|幼儿园|(?:村|社区|村（社区）)[“\"]?两委[”\"]?(?:班子)?|(?:非公|两新)[^、]{0,6}组织|物业(?:公司|企业|服务企业)|(?:村|居|社区居)委会|村民委员会|国有(?:林场|农场|企业)|(?:[国省市县]家?|区)级(?:以上|及以上)[^、]+|(?:高校|科研)院所|高等院校|金融机构|社会组织"
)
_END = re.compile(
    rf"(?:{NAME_END.pattern[:-1]}|街|等|地|省|团体|方面|战线|高校|系统|园区|[户家个店园片商校]|医院|场所|(?:主办|开办|经营|运营|建设|相关|有关|各)方|两委[”\"]?(?:班子)?|级)(?:（[^（）]*）)?$"
)
"""The ends of names of all of a kind; what ends otherwise has a word more than the name."""

_KIND = re.compile(
    r"(?:等|各|有关|相关|其[他它])[^，。；、]*(?:牵头|责任|配合|参与|成员|承办|主办|协办|主管)(?:单位|部门)"
)


def is_unnamed(name: str) -> bool:
    """Return whether a name is a word for units without naming any (等有关部门, 各有关部门, 市直各单位)."""
    name = show(name)
    if _KIND.fullmatch(name):
        return True
    return _UNNAMED.fullmatch(name) is not None and _OPEN_WORD.search(name) is not None


def is_open(name: str) -> bool:
    """Return whether a name stands for units that it does not name, also for all of a kind (各镇街, 县级以上各政府)."""
    name = show(name)
    return is_unnamed(name) or (_COLLECTIVE.fullmatch(name) is not None and _END.search(name) is not None)
