"""What a phrase wants reached: quantities, names, baselines and periods that are the goal. Pure.

They are a class of their own, found before any time is: their characters are masked, one for one, so that no number of
theirs can be read as a time. What is left and could be a time is for the grammar to read or to refuse.
"""

import re

from services.schedule.season import FEASTS
from services.schedule.text import Plain, normalise, read_characters, regular_dates

_MASKED = 0xF0000
"""Masked, a character is the one of Unicode's private plane 15 that has its place there; `unmask` undoes it."""
_PLANE = 0x10000
_FOREIGN = re.compile("[\U000f0000-\U000fffff]")
_UNKNOWN = "\ufffd"
"""What a character of that plane in a text itself becomes: it means nothing."""

_N = r"[0-9]+(?:[.,][0-9]+)*"
_RANGE = rf"{_N}(?:[-至~]{_N})?"

_LENGTH = (
    r"(?:多|余)?(?:世纪|个?(?:工作日|自然日|日历日|半?月|季度|星期|礼拜|小时|周|半年|年度|学期|学年|昼夜)|[年月日号天周旬时季秒]|分钟"
    r"|点(?![位个多评])|半[年天月])"
)
"""A unit of time, as it follows a number."""

_NO_LENGTH = (
    r"号(?:线|楼|仓|库|厅|机组|塔|坝|闸|泵|站|院|机|井|路|公路|地块|桥|码头|泊位|标段|矿|隧道|文|令|地|馆|厂房)|天然|周岁|周边|年级|年一遇|年期|年产|日处理"
    r"|日均|时速|季稻|周年"
)
"""What only begins like one (3号线, 50年一遇, 60周岁)."""

_YEAR_LIKE = r"(?:19|20)[0-9]{2}"
_MEASURE = (
    r"个(?!月|季|工作日|半月|星期|小时|学)|[名户家处所座套件项条台辆人元吨米亩张份册场盏株头只羽尾字间幢栋床例批组支把根对双颗粒块片段班轨门篇"
    r"部卷克斤升瓦伏度级类种]|公[里顷斤]|平方|立方|千[瓦克]|蒸吨|兆瓦|小区|社区|企业|项目|学校|村(?!前)|镇|套|余|多[个名户家]"
)
"""Measure words after a number that may be a year, or stands after 年 or 月: only these make it a quantity."""

_MORE = r"(?:[^0-9,;。、()年月日前后%]{0,8}?(?:\((?:不?含)\))?(?:左右|上下|以[上下内外]|之[内间外]))?"
"""About or within, as said of a quantity; of a time it would make the limit vague, and is left."""

_QUANTITY = re.compile(
    rf"(?<![0-9.第〔\[/-])(?:大?约(?=[0-9]))?(?:"
    rf"{_RANGE}(?![0-9])(?:%|‰|[十百千万亿]+(?:余|多)?(?![0-9])|(?:{_MEASURE}))"
    r"|(?<![年月日旬度底末])前(?:[0-9]{1,3}|[一二三五六八十百]+)(?:名|位|强|列|%|(?=$|[,;。)]))"
    rf"|(?<![年月日至起])(?<![^达]到)(?!(?<=[时点])[0-9]{{1,2}}分)(?!{_YEAR_LIKE}(?![0-9])){_RANGE}(?![0-9])(?:(?:{_NO_LENGTH})"
    rf"|(?!{_LENGTH})(?!次(?:[/每一]|$|[,;。)]))[^\W0-9_年月日底末初中前后内起止至到开及和与以]|[℃㎡/](?=[^\W0-9_]))"
    rf"){_MORE}"
)
"""A number with a per cent sign, 万 or 亿, or a measure word; mostly any word that is no unit of time is one."""

_SIZE = re.compile(
    r"(?<![0-9])[0-9]{5,}(?![0-9年月日号.-])|[A-Za-z]+[0-9][0-9.]*(?![0-9年月日])|(?<=统)[0-9]\.[0-9](?![0-9])"
)
"""Numbers that are no year: long ones, those of an index (PM2.5) and of a version (系统2.0)."""

_SMALL = r"(?<![0-9])[0-9]{1,3}(?:\.[0-9]+)?"
_LASTS = (
    r"(?:多|余)?(?:个?(?:工作日|自然日|日历日|小时|周|星期|半年|学期|学年|昼夜)"
    r"|个半?月|个季度|[年日天]|分钟|半[年天月])"
)
_DURATION = rf"(?:{_SMALL}(?:[-至~]{_SMALL})?|半){_LASTS}(?:以内|之内|内|左右|以上|以下)?"
_DURATIONS = rf"{_DURATION}(?:[、和或及至到]{_DURATION})*"
_CHANGED = r"压缩|缩短|压减|缩减|精简|减少|减(?=[至到])|降低|降(?=[至到])|提速|延长|放宽|控制|稳定|达到|提高|提升|保持"
_GOAL_PERIOD = re.compile(
    rf"(?:(?:由|从)[^0-9,;。]{{0,8}}{_DURATION}(?=[^0-9,;。]{{0,8}}(?:{_CHANGED})))?"
    rf"(?:{_CHANGED})[^0-9,;。半]{{0,12}}(?<=[至到为在过于])(?:[0-9.]+个?[、和])*{_DURATIONS}"
    rf"|(?:用时|耗时|时长|周期|(?:办理|审批|审核|办结|答复|受理|登记)[^0-9,;。]{{0,6}}(?:时间|时限|期限))(?:(?!年[内底末]|月[底末]|前)[^0-9,;。]){{0,6}}{_DURATIONS}"
    rf"|(?:不得?少于|不低于){_DURATION}(?![以之]?[内前后])"
    rf"|(?:[用以]|集中|经过|通过){_RANGE}{_LASTS}(?:左右|多)?的?(?:持续|不懈|接续|集中)*(?:时间|努力|奋斗|治理|整治|攻坚|建设)(?![以之]?内)"
    rf"|连续{_DURATION}|(?<=[后满过期了经]){_SMALL}{_LASTS}(?=[仍还尚]*(?:未|没有|不[得再能]))|{_DURATION}的时间(?![以之]?内)|{_DURATION}的?(?:过渡|缓冲|建设|运营|保护|服务|观察|公示)期(?!内)"
    rf"|{_SMALL}(?:[-至~]{_SMALL})?{_LASTS}以上"
    rf"|(?:(?:有效期|保质期|工期|任期)[为共约]?|[一-鿿]{{1,3}}期[为共约]){_DURATION}(?:时间)?(?!前)"
    rf"|(?:[一-鿿]{{1,3}}期)?{_DURATION}(?=\((?:{_YEAR_LIKE}年|[0-9]{{1,2}}月))"
    rf"|(?:共|历时|集中|为期|持续)[为共约]?{_DURATION}(?<!内)(?:时间)?(?![前以之内])"
    rf"|[0-9]+分钟(?![以之]?内[^0-9,;。]{{0,4}}(?:通知|报告|上报|反馈|到达|到场|赶到|赶赴|出动|出警|响应|处置|接诊|送达|核实))(?:以内|内)?|半个?小时(?:[以之]?内)?|(?<=年)[0-9]{{1,2}}年(?=共|累计|合计|总共)"
    rf"|公示{_DURATION}(?=[^0-9,;。]{{0,4}}无异议)|(?<=[一-鿿])(?<![年月日第前后])[0-9]{{1,2}}(?:年|个月|个工作日|[日天])(?=[以之]?后)"
    rf"|近[0-9]+年(?!底)"
    rf"|(?<![0-9])[0-9]{{1,2}}年(?![以之]?内)(?=[^0-9,;。]{{0,6}}(?:行动|计划|规划|攻坚|活动|工程|提升|大会战|滚动|任务|禁[渔捕牧]))"
)
"""A period that is the goal or describes it (压缩至3个工作日内, 共7天, 三年行动), not the time to reach it in."""

_BASELINE = re.compile(
    rf"(?:基期|基准年|基年)[为:]?{_YEAR_LIKE}年|[比较][一二三四五六七八九十]+五(?:规划)?(?:时期|期间|期)?[末初底]?|[比较]{_YEAR_LIKE}年?(?:度|底|末)?(?:同期|的?水平)?|[与同跟]{_YEAR_LIKE}年[^0-9,;。]{{0,6}}(?:相比|持平)"
    rf"|[在以]{_YEAR_LIKE}年[^,;。]{{0,14}}?(?:基础上|基数|为基[准数期]|水平上)"
)
"""A year that is compared with (比2020年, 在2010年的基础上)."""

_PAST = re.compile(
    r"上[1一]?个?(?:月|季度?|年度?|周|星期)(?![旬])|上[1一]?年度?|(?<!提)前[1一]个?(?:月|季度|年度?)|去年(?:同期|底|末)?|往年|历年|近年来?"
)
"""A time that is over can be no limit (上月进展情况)."""

_DATE = (
    rf"(?:{_YEAR_LIKE}年(?:[0-9]{{1,2}}月(?:[0-9]{{1,2}}[日号])?)?|[0-9]{{1,2}}月(?:[0-9]{{1,2}}[日号])?)(?:年?[底末])?"
    r"(?:[以之]?前|[以之]?后|起|以来|期间)?"
)
_PRODUCT = (
    "经验|成果|成效|效果|效应|进展|进步|突破|胜利|体系|机制|制度|格局|局面|氛围|态势|模式|网络|做法|办法|方案|意见|报告|优势|能力|平台|品牌"
    "|链条|集群|布局|环境|秩序|示范|标杆|队伍|社会|城市|产业"
)
"""What work has brought about in the end (形成可复制的经验): a date before it is when, and not which."""

_WAS_DONE = (
    r"(?:[未尚仍][^,;。的]{0,8}|建成|投运|投产|取得|登记|入库|投入使用|形成|购[买置]|在册|注册|遗留|备案|参保|退休"
    r"|出生|入学|毕业|参加工作|签订|批准|核准|审批|立项|发生|存在|竣工|纳入|认定|列入|办理|下达|淘汰|到期|届满|发布|公布|颁布|印发|施行|实施|出台|召开|移交|交办|反馈|排查|发现|检查|受理|拖欠|欠缴|欠付|立案|查处|收到|接到|征收|确定|签约|申报|摸排|报送|上报)"
)
_OF_WHICH = rf"[^0-9,;。的]{{1,8}}的(?![^0-9,;。]{{0,8}}(?:{_PRODUCT}))"
_DONE = rf"(?:已|历史|仍|尚|依法|新)?{_WAS_DONE}(?:的|{_OF_WHICH})"
_DONE_BEFORE = (
    rf"(?!(?:淘汰|办理|处置|下达|移交|交办|排查|检查|查处|征收|确定|签订|发布|公布|印发|出台)(?!{_WAS_DONE}){_OF_WHICH}"
    rf"[^,;。纳予逐均进实由要应须按补]{{2,14}}(?:[,;。]|$)){_DONE}"
)
"""With a date before 前; what ends the clause is what the work is done to (前淘汰不符合要求的计算机)."""

_ATTRIBUTE = re.compile(
    rf"(?:[自从由](?={_YEAR_LIKE}))?(?:{_DATE}[-至到])?{_DATE}(?:(?<!前){_DONE}|(?<=前){_DONE_BEFORE}|(?<=[前来间])的(?=[^,;。]{{0,10}}[,;。]))"
    rf"|{_DATE}(?<=以来|期间)[^0-9,;。的]{{1,6}}的(?![^0-9,;。]{{0,8}}(?:{_PRODUCT}))"
)
"""A time that only says which ones are meant (2004年年底前投运的电厂, 自2016年至2018年建成的小区)."""

_REPORT = re.compile(
    r"已(?:经|于)?(?:全部|基本|如期|全面)*(?:完成|办结|竣工|建成|整改|销号|结题|落实|印发|出台)[^,;。()]{0,6}\([^()]*\)"
    rf"|截[至止]到?{_DATE},?[^0-9,;。]{{0,6}}(?:已|累计|共(?=[^0-9,;。]{{0,6}}[0-9]))[^,;。]*"
)
"""What is done, with the time when it was (已完成（2024年3月）; 截至2月底，已完成选址)."""

_AGENDA = "完成|竣工|建成|启动|开工|投入|投产|实施|开展|召开|举办|前"
_PART = re.compile(
    rf"{_YEAR_LIKE}年度(?=[^0-9,;。底末内前起]{{2,20}}{_YEAR_LIKE}年[0-9]{{1,2}}月)|当季(?![度末底内前])"
    rf"|(?<=实现|完成|达到|确保){_YEAR_LIKE}年[底末]?[以之]?前[^0-9,;。]{{2,12}}目标"
    rf"|(?<=前完成|前开展|前做好){_DATE}(?:建成|投用|交付|竣工|入住|参保|入学|出生|退役)(?=[^0-9,;。]{{2}})"
    rf"|(?<=梳理|排查|清理|统计|核查|处理|化解|审计|摸排|评估|汇总|核实){_YEAR_LIKE}年以来(?=[^0-9,;。]{{2}})"
    rf"|(?:(?<=前[一-鿿]{{2}})|(?<=前[一-鿿]{{4}}))(?:{_YEAR_LIKE}年)?(?:第?[1-4]季度|前[1-3]个?季度|[上下]半年|[0-9]{{1,2}}月份)(?=(?!{_AGENDA})[^0-9,;。()前后底末内起至到、和及与年月日]{{2}})"
    r"|(?<=完成|开展|编制|启动|做好)[一二三四五六七八九十]+五(?=[^0-9,;。期末]{0,10}规划)"
    rf"|[纳列]入{_YEAR_LIKE}年度?[^0-9,;。]{{0,8}}(?:计划|项目|清单|名单)"
    r"|当年(?=[无有未的各本])|全年[0-9]+[^\W0-9_年月日号季时天周]{0,3}的?(?:任务|目标|计划)|(?<=总结|汇报|回顾|盘点|谋划)全年工作|全年(?:目标|工作|(?!完成|实现|新增|力争|确保)[^0-9,;。前底内]{0,10})?(?:任务|目标|计划(?!完成|实现|新增|投资|建设))|[春夏秋冬]{1,2}季?(?=造林|植树|绿化|补[植造]|管护|抚育|整地|农业|农田|水利|攻坚|防火|招生|征兵|行动|大气|施工|生产|秸秆|禁[烧渔牧捕猎火]|文旅|旅游|消费|传染病|流感|防疫|疫苗|病虫|森林|灌溉|抗旱|播种|收[割种购]|学期(?:招生|教[材学]|开学工作)|运动会|招聘|蔬菜|用[电水]|普查|检查|排查|巡查|监测|防治|调查|除雪|清洁取暖|供[暖热](?:准备|保障|检修|设施|工作))"
    rf"|(?:^|(?<=[,;。]))(?:[春夏秋冬]{{1,2}}季?|[寒暑][假期]|主?汛期|春运)(?=[^0-9,;。期末初前后内]{{2,16}}(?:{_YEAR_LIKE}年)?[0-9]{{1,2}}(?:月|季度)(?:[0-9]{{1,2}}[日号])?[底末旬]?[以之]?前)"
    rf"|(?<=报送|上报|审计|清理|梳理|统计|核查|检查|汇总|排查|评估|总结|清算){_YEAR_LIKE}年?[-至到]{_YEAR_LIKE}年(?=[^0-9,;。底末内前起]{{2}})"
    rf"|(?:编制|制[定订]|完成|印发|修订|出台|发布)(?:完成)?{_YEAR_LIKE}年?[-至]{_YEAR_LIKE}年(?=[^0-9,;。]{{0,12}}(?:规划|计划|方案|纲要))"
)
"""A year or season that names a part of the work (完成全年任务, 编制2021—2035年规划)."""

_SINCE_LASTING = re.compile(
    rf"(?P<since>{_YEAR_LIKE}年(?:[0-9]{{1,2}}月(?:[0-9]{{1,2}}日)?)?|[0-9]{{1,2}}月(?:[0-9]{{1,2}}日)?)(?:起|开始)(?P<rest>[^0-9。;半]{{0,24}}?)"
    rf"(?:(?:利?用|以|通过|经过)(?P<used>[0-9]{{1,3}}(?:[年天]|个月)|半年)(?:左右|多)?的?(?:时间|努力|奋斗|治理|整治|攻坚|建设)"
    rf"|(?P<what>[减免缓停][^0-9,;。]{{0,14}})(?P<for>[0-9]{{1,3}}(?:[年天]|个月))(?=$|[,;。])"
    rf"|(?:为期|历时|期限为?|不超过|试行|持续)(?P<lasting>[0-9]{{1,3}}(?:[年天]|个月)|半年)的?)(?!.*(?:{_YEAR_LIKE}年|年[底末]|[0-9]月))"
)
"""A length that counts from a date before it (从2017年开始，用3年时间), where no end is stated as well."""

_REASON = re.compile(r"(?:由于|鉴于)[^,;。]*|(?:[绝决]不|不[得能准许])(?:再)?(?:拖|延|过|跨)[^,;。]*")
"""Why something is so, and what may not happen (绝不拖到明年)."""
_NUMBERED = re.compile(
    r"(?<=》)\([12][0-9]{3}年?-[12][0-9]{3}年?\)|\(即[^()月日]*\)|(?<=[底前末日旬月])\((?:[^()0-9]|[0-9]+周年){1,8}前\)|(?<=[年底末前])\([一二三四五六七八九十]+五[^()0-9]{0,6}\)|[〔\[(]\s*20[0-9]{2}\s*[〕\])]\s*第?[0-9]+号|《[^》]*》|\((?:详?见)?附[件表录][^()]*\)"
)
"""A document's number or title, and a pointer to an annex."""

_FEASTS = rf"(?:(?:{FEASTS}|两节)[、和及与]?)+(?:节|假期|长假|小长假)*"
_FEAST_OF_WORK = (
    r"(?<=前完成|前开展|前做好|前抓好|前组织|前营造|前加强|前部署|前举办|前启动|前制定)"
    rf"(?:{_FEASTS}|节)(?:期?前|期间)?(?=[^0-9,;。()前后期])"
)
"""A festival in the words about the work, after its limit (9月底前完成国庆慰问)."""

_SEASON = re.compile(
    r"[春夏秋冬]{1,2}季?(?=\([0-9])|[^0-9,;。()]{0,6}(?:期间?|时段)(?=\([0-9])"
    rf"|(?<=前完成|前开展|前做好|前抓好)汛期?前|{_FEAST_OF_WORK}|(?<=开展|组织|进行|做好|迎接|完成)年终(?=考核|考评|总结|检查|决算|评比|述职)|(?:(?<=完成|开展|组织|做好){_YEAR_LIKE}年|(?<!年)(?<!年的)(?<!年[在于]))汛[前中后期](?=(?:安全)?大?排查|安全检查|检查|巡查|巡检|准备|演练|整治|整改|备汛)"
)
"""A season or an occasion whose days follow in brackets, or that is part of the work (完成清明前集中整治)."""

_SEASON_OF_WORK = re.compile(
    r"(?P<limit>(?:[年月日号旬底][以之]?前|[0-9](?:[日号]|月份?[底末]?))[^0-9,;。]{1,16}?)(?P<season>(?:[春夏秋冬]{1,2}季(?:学期)?(?:开学)?[、和及与]?)+"
    rf"|{_FEASTS})(?![以之]?[前后末初内期]|到来|来临)"
)
"""A season or festival in the words about the work, after its limit (12月20日前发放困难群众冬季取暖补助)."""

_NAMED_SEASON = re.compile(r"(?<=[0-9][日月号])为[^0-9,;。]{0,8}期(?=$|[,;。])")
"""What a range of days is called (5月1日至9月30日为汛期)."""

_BEGAN = re.compile(
    rf"时点(?:[确设]?定)?[为是:]?{_DATE}(?:[零0]时)?|{_DATE}(?:[零0]时)?为[^0-9,;。]{{0,6}}时点|(?:交办|受理|接件|发文|收文|来文|立案|发现|反馈|登记)(?:时间|日期)[为:]?{_DATE}"
)
"""When a case came up (交办时间：6月10日), which is no limit."""

_REMARK = re.compile(
    rf"(?<=[0-9日号月年旬前])\((?:共|历时|为期)?{_N}(?:个(?:工作日|自然日|日历日|月|星期)|工作日|[天周])\)"
)
"""How long what stands before it is, in brackets (至7月14日（5个工作日）)."""

_RATE = re.compile(
    r"每[人户亩头只辆台吨套村]每?[年月日天学]期?(?=[^,;。]{0,10}[0-9.]+[百千万亿]*元)|每[年月日天](?=[0-9.]+[百千万亿]*[元个]?元)"
)
"""An amount for each person and year (提高到每人每年6000元)."""

_SUPERSEDED = re.compile(
    r"原(?:定|计划|要求|承诺|拟)[^,;。]{0,4}(?=[0-9本今明])[^;。]*?(?=,?(?:现)?(?:调整|延期|顺延|推迟|延长|变更|提前|延|改|推)[为至到])"
    r"|由(?:原定的?)?(?=[0-9本今明])[^,;。]*?(?=(?:调整|延期|顺延|推迟|延长|变更|提前|延|改|推)[为至到])"
)
"""A limit that another one after it replaces (原定4月底完成，调整为7月底前)."""

_RATIO = re.compile(
    r"[0-9]+(?:\.[0-9]+)?/[0-9]*万|比例?(?:不[低高]于|达到?|为|提高到|控制在)?[0-9]+(?:\.[0-9]+)?:[0-9]+"
)
"""A ratio, which is no hour and no day (师生比不低于1:200, 20/10万)."""

_FINDERS = (
    _RATIO,
    _BEGAN,
    _REPORT,
    _REMARK,
    _RATE,
    _SUPERSEDED,
    _NUMBERED,
    _REASON,
    _ATTRIBUTE,
    _PART,
    _BASELINE,
    _PAST,
    _GOAL_PERIOD,
    _SEASON,
    _NAMED_SEASON,
    _QUANTITY,
    _SIZE,
)

_DAY_ALONE = re.compile(r"^(?P<month>1[0-2]|[1-9])\.(?P<day>3[01]|[12][0-9]|[1-9])$")
"""A day that is the whole of a deadline (12.31); elsewhere it may be any number."""

_QUOTED = re.compile(r"[“\"「『‘]([^“”\"「」『』‘’\n]{3,60})[”\"」』’]")
_QUOTED_TIME = re.compile(
    r"[0-9]{1,2}·[0-9]{1,2}|[一二三四五六七八九十]+五(?:规划)?(?:时期|期间|期末|[期末])?|[^0-9]{0,4}(?:节|假期?)|[五六七八十]一|五四|.*(?:底前|日前|月前|年前|年底|月底).*"
)
"""What stands in quotation marks and is a time all the same (“十三五”时期)."""


def make_masked(text: str) -> Plain:
    """Return a text as `make_plain` does, with the characters of goals masked."""
    plain = read_characters(_FOREIGN.sub(_UNKNOWN, text))
    quoted = [match.span() for match in _QUOTED.finditer(text) if not _QUOTED_TIME.fullmatch(normalise(match[1]))]
    if quoted:
        plain = _quotations_masked(plain, quoted)
    plain = plain.sub(_DAY_ALONE, lambda match: f"{match['month']}月{match['day']}日").sub(_SINCE_LASTING, _lasting)
    for finder in _FINDERS:
        plain = plain.sub(finder, _mask)
    plain = plain.sub(_SEASON_OF_WORK, lambda match: match["limit"] + hide(match["season"]))
    return regular_dates(plain)


def _lasting(match: re.Match[str]) -> str:
    length = (match["used"] or match["for"] or match["lasting"]).replace("半年", "6个月")
    new = f"{hide(match['rest'] + (match['what'] or ''))}{match['since']}起{length}时间"
    return new if len(new) != len(match[0]) else hide("，") + new  # else it would be placed character by character


def names_quantity(text: str) -> bool:
    """Return whether a text states a quantity to be reached, or a period as a goal."""
    plain = read_characters(text).text
    return _QUANTITY.search(plain) is not None or _GOAL_PERIOD.search(plain) is not None


def says_which(text: str) -> bool:
    """Return whether a time in a text only says which ones are meant."""
    return _ATTRIBUTE.search(read_characters(text).text) is not None


def unmask(text: str) -> str:
    """Return a text as it was before its goals were masked."""
    return _FOREIGN.sub(lambda match: chr(ord(match[0]) - _MASKED), text) if has_masked(text) else text


def hide(text: str) -> str:
    """Return a text with all its characters masked."""
    return "".join(map(_hidden, text))


def has_masked(text: str) -> bool:
    """Return whether a masked text has a goal."""
    return _FOREIGN.search(text) is not None


def _mask(match: re.Match[str]) -> str:
    return hide(match[0])


def _hidden(character: str) -> str:
    return chr(_MASKED + (ord(character) if ord(character) < _PLANE else ord(_UNKNOWN)))


def _quotations_masked(plain: Plain, quoted: list[tuple[int, int]]) -> Plain:
    """Mask what stands at those places of the original."""
    text = "".join(
        _hidden(character) if any(begin <= at < end for begin, end in quoted) else character
        for character, at in zip(plain.text, plain.begins, strict=True)
    )
    return Plain(text, plain.begins, plain.ends)
