"""What lists of a cast call those who have no name: ``母親``, ``Hahaoya`` and ``Mother`` are one word.

Such names tell a person only together with something else, since three may be called ``Bartender``.
"""

from typing import Final

from domain.stages.transliteration import words

_SENSES: Final = """
man, guy, gentleman | otoko, dansei, otoko no hito | 男, 男性, 男の人
woman, lady | onna, josei, onna no hito, fujin | 女, 女性, 女の人, 婦人
boy | shounen, otoko no ko | 少年, 男の子
girl | shoujo, onna no ko, musume | 少女, 女の子, 娘
child, kid | kodomo, kodomo, kodomo | 子供, 子ども, 子
baby, infant | akachan, akanbou | 赤ちゃん, 赤ん坊
youth, young man | seinen, wakamono | 青年, 若者
old man, elder | oyaji, roujin, ojiisan, jiisan, jijii | 親父, 老人, お爺さん, 爺さん
old woman, old lady | roujo, rouba, obaasan, roufujin, baasan, baachan | 老女, 老婆, お婆さん, 老婦人
father, dad, papa | chichi, chichioya, otousan, tousan, oyaji | 父, 父親, お父さん
mother, mom, mama | haha, hahaoya, okaasan, kaasan | 母, 母親, お母さん
parent | oya, ryoushin | 親, 両親
brother, big brother, older brother | ani, oniisan, niisan, aniki | 兄, お兄さん
sister, big sister, older sister | ane, oneesan, neesan, aneki | 姉, お姉さん
younger brother, little brother | otouto | 弟
younger sister, little sister | imouto | 妹
son | musuko | 息子
daughter | musume |
husband | otto, shujin, danna | 夫, 主人, 旦那
wife | tsuma, okusan, nyoubou | 妻, 奥さん, 女房
grandfather, grandpa | sofu, ojiisan, jiisan | 祖父
grandmother, grandma | sobo, obaasan, baasan | 祖母
grandchild, grandson, granddaughter | mago | 孫
uncle | oji, oji, ojisan | 叔父, 伯父
aunt | oba, oba, obasan | 叔母, 伯母
cousin | itoko | 従兄弟
friend | tomodachi, yuujin | 友達, 友人
couple, lover | koibito, kappuru | 恋人
student, schoolboy, schoolgirl | seito, gakusei | 生徒, 学生
teacher | sensei, kyoushi | 先生, 教師
principal, headmaster | kouchou | 校長
professor | kyouju | 教授
scientist, researcher | kagakusha, kenkyuuin, hakase | 科学者, 研究員, 博士
doctor, physician | isha, ishi, sensei, hakase, dokutaa | 医者, 医師
nurse | kangofu, kangoshi, naasu | 看護婦, 看護師
patient | kanja | 患者
police, policeman, policewoman, cop | keikan, keisatsu, keisatsukan, junsa, omawarisan | 警官, 警察, 警察官, 巡査
detective, inspector | keiji, tantei, keibu | 刑事, 探偵, 警部
guard, security guard, watchman | keibiin, eihei, mihari, shuei, gaadoman | 警備員, 衛兵, 見張り, 守衛
soldier, trooper | heishi, hei | 兵士, 兵
knight | kishi | 騎士
officer | shikan, shoukou | 士官, 将校
general | shougun | 将軍
captain, skipper | senchou, kanchou, taichou, kyaputen | 船長, 艦長, 隊長
commander, commandant | shikikan, shireikan, shirei | 指揮官, 司令官, 司令
operator | tsuushinshi, opereetaa | 通信士
crew, crewman, crewmember | norikumiin, kuruu | 乗組員
chief, director, minister, commissioner | choukan, kyokuchou, shochou, daijin | 長官, 局長, 署長, 大臣
boss, leader, head | oyabun, kashira, bosu, riidaa | 親分, 頭
president, chairman | shachou, kaichou, gichou, daitouryou | 社長, 会長, 議長, 大統領
manager, supervisor | shihainin, kantoku, maneejaa | 支配人, 監督
secretary, assistant, aide | hisho, joshu | 秘書, 助手
employee, worker, staff, clerk | shain, tenin, juugyouin, sagyouin | 社員, 店員, 従業員, 作業員
subordinate, henchman, minion, underling | buka, teshita, kobun | 部下, 手下, 子分
member | taiin, danin, kaiin, menbaa | 隊員, 団員, 会員
thug, punk, hoodlum, gangster, mobster | furyou, chinpira, gorotsuki, yakuza | 不良
thief, robber, burglar | dorobou, goutou | 泥棒, 強盗
bandit, pirate | touzoku, sanzoku, kaizoku | 盗賊, 山賊, 海賊
criminal, culprit, suspect | hannin, hanzaisha | 犯人, 犯罪者
prisoner, inmate, convict | shuujin | 囚人
assassin, killer | ansatsusha, koroshiya | 暗殺者, 殺し屋
hostage | hitojichi | 人質
owner, shopkeeper, keeper, proprietor | tenshu, tenchou, mochinushi, oonaa | 店主, 店長, 持ち主
master, landlord | shujin, ooya, masutaa | 主人, 大家
seller, vendor, merchant, peddler, salesman | shounin, uriko | 商人, 売り子
customer, guest, visitor | kyaku, okyaku | 客, お客
waiter, waitress | kyuuji, ueitaa, ueitoresu | 給仕
bartender, barkeeper, barman, barkeep | baaten, baatendaa |
cook, chef | ryourinin, kokku, shefu | 料理人
maid | jochuu, meido | 女中
butler, steward | shitsuji | 執事
servant, attendant | meshitsukai, jisha | 召使, 侍者
driver, chauffeur | untenshu, doraibaa | 運転手
pilot | soujuushi, pairotto | 操縦士
passenger | joukyaku | 乗客
announcer, presenter | anaunsaa |
newscaster, anchor, anchorman, caster | kyasutaa |
reporter, journalist | kisha, repootaa, ripootaa | 記者
host, hostess, moderator, mc, emcee | shikai, shikaisha | 司会, 司会者
narrator, narration | katarite, nareeshon, nareetaa | 語り手
audience, spectator | kankyaku | 観客
judge, referee | saibankan, shinpan | 裁判官, 審判
lawyer, attorney | bengoshi | 弁護士
actor, actress | haiyuu, joyuu | 俳優, 女優
singer | kashu | 歌手
villager | murabito | 村人
mayor | shichou, sonchou, chouchou | 市長, 村長, 町長
priest, monk, pastor | bokushi, shinpu, souryo, bouzu | 牧師, 神父, 僧侶, 坊主
nun | shuudoujo, shisutaa | 修道女
fortune teller | uranaishi | 占い師
king | kokuou, ousama | 国王, 王様
queen | joou, ouhi | 女王, 王妃
prince | ouji | 王子
princess | hime, oujo, ohimesama | 姫, 王女, お姫様
emperor, empress | koutei, tennou, jotei | 皇帝, 天皇, 女帝
noble, nobleman | kizoku | 貴族
angel | tenshi | 天使
devil, demon | akuma, mazoku, oni | 悪魔, 魔族, 鬼
god, goddess | kami, kamisama, megami | 神, 神様, 女神
witch, wizard, mage | majo, mahoutsukai, madoushi | 魔女, 魔法使い, 魔導師
ghost, spirit | yuurei, seirei | 幽霊, 精霊
monster | kaibutsu, bakemono, majuu, monsutaa | 怪物, 化け物, 魔獣
dog | inu | 犬
cat | neko | 猫
bird | tori | 鳥
voice | koe | 声
computer | konpyuuta |
robot | robotto |
person, citizen, resident | hito, juumin, shimin | 人, 住民, 市民
people, crowd | gunshuu, minna | 群衆
"""
"""English words, readings, Japanese script in the order of its readings; what is written in kana needs no script. A
line is a sense, named by its first word. They are what the casts of any anime are credited as; readings that shorten to
two letters are left out, since families are called so."""

_MORE: Final = (
    "old young big little small other another first second third tall fat bald masked mysterious female male of the a "
    "an in at from with and no shop store house home bar cafe hotel hospital school office tv television radio news "
    "space ship police army city town village street room train bus taxi gang gate group club team company homeless"
)
"""Words that say which of many, and name no one either."""

_TITLES: Final = (
    "dr doctor mr mrs ms mister miss madam madame lady lord sir sister brother father mother saint st professor prof "
    "captain cpt major colonel general sergeant sgt lieutenant lt officer inspector detective agent king queen prince "
    "princess emperor empress count countess baron baroness duke duchess master grandpa grandma uncle aunt little big "
    "old young"
)
TITLES: Final = frozenset(words(_TITLES))
"""Before a name. ``Sister Clara`` is ``Clara``."""

SUFFIXES: Final = frozenset(words("san chan kun sama sensei senpai sempai dono hakase tan"))
"""After a name: ``Ed-chan``."""

_Senses = dict[tuple[str, ...], frozenset[str]]


def _table() -> tuple[_Senses, dict[str, str]]:
    """Senses by the words that have them; readings by Japanese script, the longest script first."""
    senses: dict[tuple[str, ...], set[str]] = {}
    readings: dict[str, str] = {}
    for line in _SENSES.strip().splitlines():
        english, spoken, script = (
            [term for term in map(str.strip, part.split(",")) if term] for part in line.split("|")
        )
        for term in (*english, *spoken):
            senses.setdefault(words(term), set()).add(english[0])
        for term, reading in zip(script, spoken, strict=False):  # some are only spoken
            readings.setdefault(term, reading)
    longest_first = dict(sorted(readings.items(), key=lambda item: (-len(item[0]), item[0])))
    return {term: frozenset(found) for term, found in senses.items()}, longest_first


SENSES, READINGS = _table()
"""``SENSES``: by words in Latin letters. ``READINGS``: how Japanese script is read."""

_LONGEST: Final = max(map(len, SENSES))
_GENERIC: Final = frozenset(word for term in SENSES for word in term) | frozenset(words(_MORE))


def senses(name: tuple[str, ...]) -> frozenset[str]:
    """Whom a name speaks of, as far as its words tell: ``mother`` of ``Hahaoya``. The longest term goes first."""
    found: set[str] = set()
    start = 0
    while start < len(name):
        length = next((n for n in range(_LONGEST, 0, -1) if name[start : start + n] in SENSES), 0)
        found |= SENSES.get(name[start : start + length], frozenset())
        start += length or 1
    return frozenset(found)


def is_generic(word: str) -> bool:
    """Whether many may be called so; a number or one Latin letter tells nobody either."""
    return word in _GENERIC or (word.isascii() and len(word) == 1) or word.isdecimal()
