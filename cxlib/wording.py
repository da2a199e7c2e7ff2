"""Patterns of wording, English and Vietnamese: what a header or a question's text says of a column.

Vietnamese is known with its marks, and without them where the words stay unmistakable (gioi thieu, but not "de").
"""

import re
import unicodedata


def spoken(text: str) -> str:
    """Lower-case words parted by one blank, their marks kept: "CustomerID_2" is "customer id 2"."""
    text = unicodedata.normalize("NFC", text)
    # Headers run words together: CustomerID, IPAddress, Q20Age.
    text = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z]{2})", " ", text)
    text = re.sub(r"(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])", " ", text)
    return " ".join(re.findall(r"[^\W_]+(?:['’][^\W_]+)*", text.casefold()))


def unmarked(text: str) -> str:
    """The same letters without marks: "Giới thiệu, Đà Nẵng" is "Gioi thieu, Da Nang"."""
    parts = unicodedata.normalize("NFD", text.replace("đ", "d").replace("Đ", "D"))
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def pattern_of(english: str, vietnamese: str = "", marked: str = "") -> re.Pattern:
    """English and Vietnamese words; the Vietnamese also without marks, those of `marked` only with them."""
    words = [english, vietnamese, unmarked(vietnamese), marked]
    return re.compile(rf"\b(?:{'|'.join(filter(None, words))})")


# What a question measures. Words are cut where an ending may follow: satisf(ied), recommend(ation).
MEASURES = {
    "recommend": pattern_of(r"recommend|net ?pro(mot\w*)?\b|nps\b", "giới thiệu|khuyên dùng"),
    "satisfied": pattern_of(r"(dis|un)?satisf|csat\b", "hài lòng|thỏa mãn|thoả mãn"),
    "easy": pattern_of(
        r"eas(y|e|ier|iest|ily)\b|effort|difficult|ces\b", "dễ dàng|nỗ lực|khó khăn|dễ hay khó", r"dễ\b|khó\b"
    ),
    "overall": pattern_of(
        r"over ?all\b|as a whole|in general|q \d+ (\w )?all\b|all things",
        "nhìn chung|tổng thể|nói chung|lòng chung|giá chung",
    ),
    "part": pattern_of(
        r"staff|service|price|speed|quality|clean|deliver|convenien|friendl|helpful|product|wait|"
        r"courtesy|comfort|value for",
        "thái độ|tốc độ|phục vụ|nhân viên|giá cả|sản phẩm|chất lượng|giao hàng|tiện lợi|"
        "không gian|vệ sinh|thời gian chờ",
    ),
    "rating": pattern_of(
        r"rat(e|ed|ing|ings)\b|score|stars?\b|(dis)?agree|on a scale|how (good|well|important|likely|"
        r"satisfied)|quality",
        "đánh giá|điểm số|mức độ|đồng ý|chất lượng|thang điểm|cho điểm",
    ),
}
# What a question tells of a customer; the first that fits.
ATTRIBUTES = {
    "firmographic": pattern_of(
        r"company size|industr|number of employees|organi[sz]ation|sector\b",
        "quy mô|ngành nghề|số nhân viên",
        r"ngành\b",
    ),
    "demographic": pattern_of(
        r"gender|sex\b|age\b|ages\b|how old|(year|month) (of )?birth|birth year|educ|degree\b|qualification|"
        r"income|salary|"
        r"occupation|employ(ed|ment)|job title|profession\b|marital|married|household|children|kids?\b|"
        r"senior citizen|dependents|"
        r"race\b|race ?\d|racial|ethnic|religio|orientation\b|generation\b|nationality",
        "giới tính|độ tuổi|nhóm tuổi|năm sinh|học vấn|thu nhập|nghề nghiệp|hôn nhân|gia đình|dân tộc|tôn giáo|số con",
        r"tuổi\b|lương\b|nghề\b",
    ),
    "geographic": pattern_of(
        r"city\b|town\b|province|region|county\b|country\b|state\b|district|live\b|living in|residence|"
        r"census|continent",
        "thành phố|khu vực|nơi ở|quốc gia|sinh sống|tỉnh thành|địa phương",
        r"tỉnh\b|quận\b|huyện\b|vùng\b|phường\b",
    ),
    "channel": pattern_of(
        r"channel|platform|touchpoint|(which|what) devices?", "kênh mua|kênh nào|điểm chạm|thiết bị", r"kênh\b"
    ),
    "behavioural": pattern_of(
        r"how (often|long|many|much)|frequen|tenure|contract\b|payment|spend|spent|times\b|visit|purchas|"
        r"usage|in the last",
        "thường xuyên|bao lâu|bao nhiêu|tần suất|chi tiêu|thanh toán|số lần|lần mua",
    ),
}
AGE = pattern_of(r"age\b(?! (band|group|range))|how old", "bao nhiêu tuổi|số tuổi|tuổi của", r"tuổi$")
QUANTITY = pattern_of(
    r"age\b|how (old|tall|much|many|far)|spend|spent|amount|income|salary|price|charges?\b|fees?\b|revenue|"
    r"costs?\b|value\b|"
    r"cltv|tenure|months?\b|years? (of|in|with|birth)|birth year|number of|num\b|mnt\b|recency|total|"
    r"balance|minutes|"
    r"hours|percent|count\b|scores?\b|index\b|visits?\b|purchases|orders|height|weight|size\b|distance|"
    r"download|longitude|latitude",
    "chi tiêu|số tiền|số lần|số người|bao nhiêu|doanh thu|năm sinh|số năm|thu nhập|giá trị|số lượng|đơn hàng",
    r"tuổi\b|lương\b",
)
COMMENT = pattern_of(
    r"why\b|comment|tell us|please (describe|explain|specify|share)|describe|explain|suggest|feedback|"
    r"in your own words|"
    r"anything else|other\b|what (could|would|did|do) (we|you)|reason|verbatim|free text|text$",
    "vì sao|tại sao|ý kiến|góp ý|lý do|chia sẻ|nhận xét|ghi rõ|đề xuất|mong muốn",
)

# Keys of the survey: the whole header (or the whole text) says it, a longer sentence is a question.
KEYS = {
    "respondent": r"(survey |q )?(resp(ondent)?|response|interview|record|case|questionnaire|participant|"
    r"submission)s?( ?(id|no|num|number|nr|key|code|token))|"
    r"resp ?num|uuid|guid|id|token|ma (phieu|khao sat|tra loi|nguoi tra loi|bang hoi|so phieu)|so phieu|stt|"
    r"so thu tu",
    "customer": r"(customer|client|member|cust|account|user|subscriber)s?( ?(id|no|num|number|nr|code|key|ref))|"
    r"external (data )?reference|ma (khach hang|kh|hoi vien|thanh vien|so khach hang)|so khach hang",
    "weight": r"((survey|sample|final|case|resp|post ?strat\w*|design|sampling|raked?) ?)?(weights?|wgt|wt|"
    r"wts|weighting)( (factor|final|var|total|w|\d))?|"
    r"trong so( \w+)?|he so (trong so|gia quyen)",
    "cluster": r"run ?(id)?|cluster( ?(id|no))?|psu|(branch|shop|store|outlet|school|site|segment point|"
    r"sample point)( ?(id|no|code|num|number))?|"
    r"(ma )?(chi nhanh|cua hang|diem ban|phong giao dich|cum)( id)?",
    "stratum": r"strat(a|um)( ?(id|no))?|(sampling|design) strat(a|um)|tang (mau|chon mau)",
    "fpc": r"fpc",
    "wave": r"(survey )?(wave|round)( ?(no|id|name))?|dot( khao sat)?|ky khao sat|(survey|fieldwork) (year|"
    r"quarter|period)|year|quarter|nam khao sat|quy",
    "mode": r"(interview |survey |collection |data collection )?(mode|meth(od)?)( of interview)?|"
    r"distribution channel|hinh thuc (phong van|khao sat)",
    "recontact": r"re ?contact|(may|can) we contact you( again)?|consent( to (re ?)?contact)?|"
    r"dong y (lien he|goi lai)( lai)?",
    "when": r"start(ed)?( ?(date|time|at|on))?|date (started|created|of interview)|timestamp|(interview|"
    r"survey|response|completion) (date|time)|date|when|created( at)?|"
    r"submit(ted)? ?(date|at|time)?|recorded date|date ?stamp|end ?(date|time)|dau thoi gian|"
    r"thoi gian( tra loi| khao sat| bat dau)?|ngay( khao sat| phong van| tra loi)?",
    "seconds": r"duration( in seconds| seconds)?|(interview|total|completion) ?time( seconds| in seconds)?|"
    r"seconds|time taken|loi|thoi luong( giay)?",
}
KEYS = {key: re.compile(pattern) for key, pattern in KEYS.items()}

# Left to the survey tool: how an answer was collected, not what was answered.
TOOL = re.compile(
    r"response set|response type|status|finished|progress|(user )?lang(uage)?|recorded date|end date|"
    r"enddate|score|collector id|"
    r"date (modified|submitted)|last page|lastpage|seed|start language|referer|location accuracy|ref url|"
    r"custom data( \d)?|"
    r"group time.*|page submit|first click|last click|click count|distribution channel|response id|submit ?date"
)

MISSING = {
    *(
        "blank",
        "n/a",
        "na",
        "n.a.",
        "#n/a",
        "nan",
        "null",
        "missing",
        "skipped",
        "no answer",
        "not answered",
        "-",
        "--",
    ),
    *(
        "not applicable",
        "don't know",
        "dont know",
        "do not know",
        "don’t know",
        "dk",
        "refused",
        "no response",
        "?",
        ".",
    ),
    *("prefer not to say", "prefer not to answer", "does not apply", "never used", "not used", "unknown", "#null!"),
    *(
        "không biết",
        "khong biet",
        "không trả lời",
        "khong tra loi",
        "không áp dụng",
        "khong ap dung",
        "từ chối",
        "tu choi",
    ),
    *("không rõ", "khong ro", "để trống", "bỏ trống", "chưa sử dụng", "không sử dụng", "chua su dung"),
}


_NEVER_USED = re.compile(
    r"(i )?(have|has|did|do)(n't| not| never) (use|used|tried|try|had|experienced?)( (it|this|any|one))?( yet)?|"
    r"no experience|no opinion|not applicable to me|(tôi )?chưa (dùng|sử dụng|trải nghiệm)( bao giờ)?"
)


def is_missing(answer: str) -> bool:
    """Whether an answer only says that there is none: Blank, N/A, Don't know, Không biết."""
    plain = " ".join(answer.casefold().replace("’", "'").split())
    return plain.strip("()[]") in MISSING or bool(_NEVER_USED.fullmatch(plain.rstrip("."))) or plain.endswith("(n/a)")


def says(pattern: re.Pattern, *texts: str) -> str:
    """The words of the first text that fit the pattern, with or without marks; "" where none do."""
    for text in map(spoken, texts):
        found = pattern.search(text)
        if found:
            return found.group().strip()
    return ""


_OPINION = pattern_of(
    r"rude|should|think|believe|opinion|agree|appropriate|acceptable|cut ?off|employer",
    "có nên|theo bạn|theo anh|ý kiến|nghĩ|cho rằng|đồng ý|chấp nhận",
)
_SELF = pattern_of(
    r"you|your|yours|yourself|respondent|customer", "bạn|anh|chị|quý khách|quý vị|ông|bà|khách hàng|đáp viên"
)
SHORT = 6  # words of a header that names what it holds


def of_the_customer(text: str) -> bool:
    """Whether a word such as age or children tells of the respondent: in a short header, or asked of him himself."""
    words = spoken(text)
    if len(words.split()) <= SHORT:
        return True
    return bool(_SELF.search(words)) and not _OPINION.search(words)


def key_of(*texts: str) -> str:
    """The key of the survey that one of the texts names as a whole; "" where none does."""
    for text in filter(None, (unmarked(spoken(text)) for text in texts)):
        for key, pattern in KEYS.items():
            if pattern.fullmatch(text):
                return key
    return ""


def stated_scale(text: str) -> tuple[int, int] | None:
    """The scale that a wording states: "(0-10)", "1 very hard - 7 very easy", "từ 1 đến 5"."""
    found = re.search(
        r"(?<![\d.,])([01])(?![\d.,])\D{0,30}?(?:-|–|—|→|\bto\b|\.\.|\bđến\b|\bden\b|\btới\b|,|"
        r";)\D{0,30}?(?<!\d)(10|[3-79])(?![\d%])",
        text.casefold(),
    )
    return (int(found[1]), int(found[2])) if found else None
