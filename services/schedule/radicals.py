"""The radicals of U+2E80–U+2EF3, which PDF files hold in place of characters, and the characters they stand for.

Unicode normalisation folds those of U+2F00–U+2FD5 but only two of these; the pairs are from Unicode’s
EquivalentUnifiedIdeograph.txt.
"""

_RADICALS = (
    "⺀⺁⺂⺃⺄⺅⺆⺇⺈⺉⺊⺋⺌⺍⺎⺏⺐⺑⺒⺓⺔⺕⺖⺗⺘⺙⺛⺜⺝⺞⺟⺠⺡⺢⺣⺤⺥⺦⺧"
    "⺨⺩⺪⺫⺬⺭⺮⺯⺰⺱⺲⺳⺴⺵⺶⺷⺸⺹⺺⺻⺼⺽⺾⺿⻀⻁⻂⻃⻄⻅⻆⻇⻈⻉⻊⻋⻌⻍"
    "⻎⻏⻐⻑⻒⻓⻔⻕⻖⻗⻘⻙⻚⻛⻜⻝⻞⻟⻠⻡⻢⻣⻤⻥⻦⻧⻨⻩⻪⻫⻬⻭⻮⻯⻰⻱⻲⻳"
)
_CHARACTERS = (
    "冫厂乛乚乙亻冂几刀刂卜㔾小小尢尣尢尣巳幺彑彐忄心扌攵旡日月歺母民氵氺灬爪爫丬牛"
    "犭王疋目示礻竹糹纟罓罒网网网羊羊羊老肀聿肉臼艹艹艹虎衤覀西见角角讠贝足车辶辶"
    "辶阝钅長镸长门阜阝雨青韦页风飞食食飠饣首马骨鬼鱼鸟卤麦黄黾斉齐歯齿竜龙龜亀龟"
)

RADICALS = str.maketrans(_RADICALS, _CHARACTERS)
