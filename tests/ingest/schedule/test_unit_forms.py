"""Cells of responsible units as published tables have them, each with the reading a careful official would give.

A reading is written in one line: `!` leads, `@` is a group of the directory, `?` names nobody in particular.
"""

import pytest

from events.ledger import Ledger
from events.schema import Unit
from services.ingest.schedule.text import UnreadableError
from services.ingest.schedule.units import read_units

LEDGER = Ledger("", groups={"各县（市、区）政府": ("赤坎区", "霞山区")})

INFERRED = [
    # 重庆, division of tasks against counterfeits, 2017
    (
        "（市农委、市商务委、市公安局、市文化执法总队、重庆海关、市邮政管理局、重庆检验检疫局按职责分工负责）",
        "市农委! 市商务委 市公安局 市文化执法总队 重庆海关 市邮政管理局 重庆检验检疫局",
    ),
    # 东莞, measures for employment, 2021: in charge are all, so the first leads
    ("（市人力资源社会保障局、市医保局、市财政局、市税务局负责）", "市人力资源社会保障局! 市医保局 市财政局 市税务局"),
    # 亳州市谯城区, division of the government’s work report, 2025
    (
        "区工信局、区住建局，各乡镇人民政府、街道办事处，谯城经开区管委会，魏武国控集团。",
        "区工信局! 区住建局 各乡镇人民政府? 街道办事处? 谯城经开区管委会 魏武国控集团",
    ),
    ("区政府有关部门，各乡镇人民政府、街道办事处。", "区政府有关部门!? 各乡镇人民政府? 街道办事处?"),
    # 岳阳, opening of government affairs, 2017
    ("市直各单位，中央、省驻岳单位", "市直各单位!? 中央、省驻岳单位?"),
    # 盘锦, and its 大洼区, division of the work report, 2021
    (
        "各县、区人民政府，辽东湾新区、高新技术产业开发区管委会，市政府各部门、直属机构",
        "各县、区人民政府!? 辽东湾新区 高新技术产业开发区管委会 市政府各部门? 直属机构?",
    ),
    ("各镇（街道）人民政府（办事处），临港经济开发区管委会", "各镇（街道）人民政府（办事处）!? 临港经济开发区管委会"),
    # 乐山 2020, 北京 2016: whom their notices are addressed to
    ("市发改委，各区、市、县、自治县人民政府", "市发改委! 各区、市、县、自治县人民政府?"),
    ("市教育局，市政府各委、办、局", "市教育局! 市政府各委、办、局?"),
    # 湛江, notice of 2021: a group by another name than the directory’s is not guessed
    ("各县（市、区）人民政府（管委会），市府直属各单位", "各县（市、区）人民政府（管委会）!? 市府直属各单位?"),
    # 宁波, Chongqing’s and others’ names of all of a kind
    (
        "市教育局、市人力社保局，各区县（市）人民政府、各功能区管委会",
        "市教育局! 市人力社保局 各区县（市）人民政府? 各功能区管委会?",
    ),
    ("市、县（区）人民政府", "市、县（区）人民政府!?"),
    ("县（市、区）人民政府", "县（市、区）人民政府!?"),
    ("各县（市、区）党委、政府，各级党委和政府", "各县（市、区）党委、政府!? 各级党委和政府?"),
    ("有关县（市、区）政府，项目所在地政府、属地政府", "有关县（市、区）政府!? 项目所在地政府? 属地政府?"),
    ("市直有关单位、各成员单位、各镇街、各高校、各商业银行", "市直有关单位!? 各成员单位? 各镇街? 各高校? 各商业银行?"),
    ("市民政局，其他成员单位、有关企业、部属单位", "市民政局! 其他成员单位? 有关企业? 部属单位?"),
    ("市各界人士联合会、中国电信湛江分公司", "市各界人士联合会! 中国电信湛江分公司"),
    # of all branches
    ("市委组织部、市委政法委、市委网信办、市委编办", "市委组织部! 市委政法委 市委网信办 市委编办"),
    (
        "市人大常委会办公室、市政协办公室、市中级人民法院、市检察院",
        "市人大常委会办公室! 市政协办公室 市中级人民法院 市检察院",
    ),
    ("市总工会、团市委、市妇联、市科协、市工商联", "市总工会! 团市委 市妇联 市科协 市工商联"),
    (
        "湛江供电局、中国铁塔股份有限公司湛江市分公司、国网襄阳供电公司",
        "湛江供电局! 中国铁塔股份有限公司湛江市分公司 国网襄阳供电公司",
    ),
    ("人民银行湛江市中心支行、湛江银保监分局、岭南师范学院", "人民银行湛江市中心支行! 湛江银保监分局 岭南师范学院"),
    ("市文广新局（版权局）、湛江海关（驻廉江办事处）", "市文广新局（版权局）! 湛江海关（驻廉江办事处）"),
    # 和 and 与 inside names, and between them
    (
        "市住房和城乡建设局、市发展和改革委员会、市民族与宗教事务局、市规划和自然资源局",
        "市住房和城乡建设局! 市发展和改革委员会 市民族与宗教事务局 市规划和自然资源局",
    ),
    ("市公园和林业局、市文化和旅游局及市教育和体育局", "市公园和林业局! 市文化和旅游局 市教育和体育局"),
    (
        "市民政局、市人社局等相关部门和各县（市、区）政府",
        "市民政局! 市人社局 等相关部门? 各县（市、区）政府@",
    ),
    # lines, numbers, spaces
    ("教育局\n财政局\n民政局", "教育局! 财政局 民政局"),
    ("市委\n宣传部\n市文广新局", "市委宣传部! 市文广新局"),
    ("1.市民政局\n2.市财政局\n3.各县（市、区）政府", "市民政局! 市财政局 各县（市、区）政府@"),
    ("①市民政局②市财政局", "市民政局! 市财政局"),
    ("（1）市民政局；（2）市财政局", "市民政局! 市财政局"),
    ("市残联 市妇联 市总工会", "市残联! 市妇联 市总工会"),
    ("市公安局 交警支队", "市公安局交警支队!"),
    ("中 国 电 信 湛 江 分 公 司、市 委 宣 传 部", "中国电信湛江分公司! 市委宣传部"),
    ("市民政局/市财政局", "市民政局! 市财政局"),
    # what is said of a unit in brackets
    ("市财政局（负责资金保障）、市民政局（按职责分工负责）", "市财政局! 市民政局"),
    ("市民政局（市财政局、市残联配合）、市教育局", "市民政局! 市财政局 市残联 市教育局"),
]

STATED = [
    # 鄱阳, 2022
    (
        "（市政府办公室、市行政审批制度改革工作领导小组办公室牵头，市级各有关部门及各县市区政府按职责分工负责）",
        "市政府办公室! 市行政审批制度改革工作领导小组办公室! 市级各有关部门? 各县市区政府?",
    ),
    # 鞍山市立山区, 2023
    (
        "牵头单位：区发改局\n\n责任单位：立山经济开发区，各街道、区直各部门",
        "区发改局! 立山经济开发区 各街道? 区直各部门?",
    ),
    # 广州, 2006
    ("(牵头单位:市发改委;配合单位:市经贸委、国土房管局、南沙区政府)", "市发改委! 市经贸委 国土房管局 南沙区政府"),
    # 池州, 2018
    ("（市工商质监局牵头负责）", "市工商质监局!"),
    # 厦门, 2019
    ("市发改委、市财政局（第一责任单位为牵头单位，下同）", "市发改委! 市财政局"),
    # 湘西州, 2020
    (
        "（牵头单位：州行政审批服务局；责任单位：州司法局、州委编办及州直相关单位，各县市人民政府、湘西经开区管委会）",
        "州行政审批服务局! 州司法局 州委编办 州直相关单位? 各县市人民政府? 湘西经开区管委会",
    ),
    # 亳州市谯城区 2025, 南陵县 2024: headings of their columns
    ("主要责任单位：区发改委；协同配合单位：区工信局、区住建局", "区发改委! 区工信局 区住建局"),
    ("牵头责任单位：县教育局；责任单位：县各有关单位", "县教育局! 县各有关单位?"),
    ("第一责任单位：市民政局；责任单位：市财政局", "市民政局! 市财政局"),
    ("牵头（责任）单位：市民政局；责任（配合）单位：市财政局", "市民政局! 市财政局"),
    ("1．牵头部门：市民政局\n2．配合部门：市财政局、市残联", "市民政局! 市财政局 市残联"),
    ("主办单位：市住建局　　协办单位：市财政局", "市住建局! 市财政局"),
    ("牵头单位:市民政局配合单位:市财政局", "市民政局! 市财政局"),
    ("牵头单位\n市民政局\n配合单位\n市财政局、市残联", "市民政局! 市财政局 市残联"),
    ("【牵头单位】市民政局【配合单位】市财政局", "市民政局! 市财政局"),
    ("由市民政局牵头会同市财政局、市残联等部门", "市民政局! 市财政局 市残联 等部门?"),
    ("市民政局牵头，会同市直有关部门", "市民政局! 市直有关部门?"),
    ("市民政局牵头，市财政局、市残联按职责分工负责", "市民政局! 市财政局 市残联"),
    ("市民政局牵头，各县（市、区）政府配合", "市民政局! 各县（市、区）政府@"),
    ("市民政局牵头；市财政局、市残联配合；各县（市、区）政府落实", "市民政局! 市财政局 市残联 各县（市、区）政府@"),
    ("市民政局（牵头单位）、市财政局（配合单位）", "市民政局! 市财政局"),
    ("市民政局为牵头单位，市残联为配合单位", "市民政局! 市残联"),
    ("以市民政局为主，市财政局配合", "市民政局! 市财政局"),
    ("市民政局负责，市财政局协助", "市民政局! 市财政局"),
    ("市民政局、市财政局负责，市残联配合", "市民政局! 市财政局! 市残联"),
    ("各县（市、区）政府负责", "各县（市、区）政府!@"),
]

UNREADABLE = [
    ("（牵头单位：州行政审批服务局；责任单位：州司法局，6月底完成）", "“6月底” is not the name of a unit"),
    ("市民政局*、市财政局", "“市民政局*” is not"),  # a star leads in some tables and joins in others: their notes say
    ("★市民政局、市财政局", "“★市民政局” is not"),
    ("督办单位：市政府督查室", "“督办单位：市政府督查室” is not"),
    ("市民政局 13800138000", "“市民政局13800138000” is not"),
]


def line(units: tuple[Unit, ...]) -> str:
    """Return units as this file writes them."""
    return " ".join(unit.name + "!" * (unit.role == "lead") + "@" * unit.group + "?" * unit.open for unit in units)


@pytest.mark.parametrize(("text", "units"), INFERRED)
def test_nobody_is_said_to_lead(text: str, units: str) -> None:
    """Where the text does not say who leads, the first does, and that is inferred."""
    reading = read_units(text, LEDGER)
    assert (line(reading.units), reading.lead_inferred) == (units, True)


@pytest.mark.parametrize(("text", "units"), STATED)
def test_the_text_says_who_leads(text: str, units: str) -> None:
    """Labels, marks and notes say who leads; all stated leads have the role."""
    reading = read_units(text, LEDGER)
    assert (line(reading.units), reading.lead_inferred) == (units, False)


@pytest.mark.parametrize(("text", "wrong"), UNREADABLE)
def test_what_is_no_unit_is_refused(text: str, wrong: str) -> None:
    """A date, a sign without its note, a supervisor or a telephone number is no unit, and none is made of it."""
    with pytest.raises(UnreadableError) as raised:
        read_units(text, LEDGER)
    assert wrong in str(raised.value)
