"""The words of labels (牵头单位：…, 分管领导：…): how roles, duties, kinds of units and people are called there."""

LEADING = "牵头|主办|主责|主抓|抓总|承办"
JOINING = "配合|(?<!政)协办|协助|协同|协作(?=单位|部门)|参加|参与|支持"
RANKS = "第[一二三]|主要|首要|总|共同|具体|直接|其[他它]|属地"
DUTIES = rf"{LEADING}|{JOINING}|负责|责任|整改|实施|落实|执行|主管|承担|完成|联合|联办|会办|成员|组长"
OWNING = "建设|运营|管护|业主"
"""What the units of a project are called."""

WATCHING = "督导|督办|督查|督促|监督|监管|指导|验收|考核|审核|评估"
"""What those do who look on while others do the work."""

TEAMS = "专班|工作组|专项组|攻坚组|小组"
"""Whose members are named after a colon."""

KINDS = "单位|部门|主体|科室|处室|股室|机构|站所|站办|办所|站室|镇办"

LEADERS = "领导|分管[^：；，。、]{0,4}[长总]|[省市县区州镇河湖林]长|书记|召集人|指挥长|组长"
"""Who answers for a task."""

PERSONS = "责任人员?|负责人|联系人|经办人|牵头人|承办人"
"""Who answers for a unit."""
