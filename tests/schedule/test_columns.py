import pytest

from services.schedule.columns import Heading, read_heading

HEADINGS = {
    "number": ["序号", "序　号", "编号", "序\n号", "任务序号", "No."],
    "task": [
        *(
            "工作任务",
            "重点任务",
            "任务内容",
            "工作内容",
            "任务名称",
            "主要任务",
            "工作举措",
            "具体措施",
            "重点工作",
            "整改措施",
        ),
        *(
            "2018年重点工作任务",
            "工作任务（2018年）",
            "主要工作内容及目标要求",
            "任务分解",
            "改革事项",
            "项目名称",
            "责任事项",
            "工作要点",
        ),
    ],
    "units": [
        "责任单位",
        "责任部门",
        "责 任\n单 位",
        "单位",
        "落实单位",
        "牵头及配合单位",
        "责任单位（排第一的为牵头单位）",
        "责任科室",
        "责任主体",
        "整改责任单位",
        "县级责任单位",
        "属地责任单位",
        "责任区县",
        "责任单位及完成时限",
    ],
    "leader": [
        "分管领导",
        "责任人",
        "责任领导",
        "牵头领导",
        "单位负责人",
        "包保责任人",
        "市分管领导",
        "责任人及联系电话",
        "包案领导",
        "县领导",
        "整改责任人",
    ],
    "deadline": [
        *(
            "时间进度",
            "完成时限",
            "完成时间",
            "时限要求",
            "完成期限",
            "办结时限",
            "时间节点",
            "进度安排",
            "完成时限（2018年）",
            "时限",
        ),
        *("工作时限", "计划完成时间", "时间安排", "完成日期", "整改期限", "拟完成时间", "2018年进度安排", "时间要求"),
        *("起止年限", "起止时间", "建成时间", "结束时间", "最迟完成时间"),
    ],
    "deliverable": ["成果形式", "预期成果", "工作成果", "成果要求", "阶段性成果"],
    "remark": ["备注", "备　注", "说明"],
    "item": ["项目"],
}

ROLES = {
    "lead": [
        "牵头单位",
        "主办单位",
        "牵头部门",
        "牵头",
        "牵头责任单位",
        "主责单位",
        "市级牵头单位",
        "省牵头部门",
        "牵头整改单位",
    ],
    "cooperating": ["配合单位", "协办单位", "参加单位", "参与单位", "协同部门", "配合", "协作单位", "配合责任单位"],
}


@pytest.mark.parametrize(("kind", "text"), [(kind, text) for kind, texts in HEADINGS.items() for text in texts])
def test_what_a_heading_says(kind: str, text: str) -> None:
    """A heading is known in many wordings, whatever its spaces, brackets and years are."""
    says = read_heading(text)
    assert says is not None
    assert (says.kind, says.role) == (kind, None)


@pytest.mark.parametrize(("role", "text"), [(role, text) for role, texts in ROLES.items() for text in texts])
def test_the_role_that_a_heading_states(role: str, text: str) -> None:
    """Who leads and who cooperates can be said by columns of their own."""
    assert read_heading(text) == Heading("units", "lead" if role == "lead" else "cooperating")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "市民政局",
        "各有关部门",
        "市直各部门",
        "1",
        "启动时间",
        "实际完成时间",
        "完成情况",
        "进展情况",
        "督办单位",
        "联系方式",
        "持续实施",
        "按省的要求及时制定",
    ],
)
def test_what_is_no_heading(text: str) -> None:
    """What stands in rows is no heading, nor is what tells the past or another’s part."""
    assert read_heading(text) is None
