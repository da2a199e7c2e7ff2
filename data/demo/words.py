"""Names, contact details and open comments of data/demo, all invented.

Phone numbers start with 0900 (no block in use) and e-mail addresses end in example.com, so that nobody is reached.
"""

import unicodedata

import numpy as np

# fmt: off
FAMILY = ("Nguyễn", "Trần", "Lê", "Phạm", "Huỳnh", "Hoàng", "Phan", "Vũ",
          "Võ", "Đặng", "Bùi", "Đỗ", "Hồ", "Ngô", "Dương", "Lý")
GIVEN = {"f": ("Thị Lan", "Thu Hà", "Ngọc Ánh", "Thị Hồng", "Minh Châu", "Thanh Trúc", "Mỹ Linh", "Bích Ngọc",
               "Thảo Vy", "Kim Oanh", "Hải Yến", "Phương Thảo", "Thị Tuyết", "Khánh An", "Quỳnh Như", "Diễm My"),
         "m": ("Văn Hùng", "Minh Tuấn", "Quốc Bảo", "Đức Anh", "Hoàng Long", "Văn Nam", "Thanh Tùng", "Gia Huy",
               "Hữu Phước", "Trung Kiên", "Xuân Sơn", "Công Danh", "Văn Dũng", "Nhật Minh", "Tấn Phát", "Quang Vinh")}

GOODS = {"vi": ("rau củ", "trái cây", "sữa", "đồ gia dụng", "thịt cá", "mỹ phẩm", "đồ em bé", "gạo và gia vị"),
         "en": ("vegetables", "fruit", "milk", "household goods", "meat and fish", "cosmetics", "baby things", "rice")}
POINTS = {"vi": ("giao hàng", "thái độ nhân viên", "ứng dụng", "chỗ gửi xe", "quầy thu ngân", "tổng đài"),
          "en": ("delivery", "the staff", "the app", "the parking", "the till", "the hotline")}
COMMENTS = {  # by NPS group and language; {goods} and {point} are filled in
    "promoter": {
        "vi": ("Nhân viên rất dễ thương, {goods} luôn tươi mới.", "Tôi mua {goods} ở đây nhiều năm rồi, rất tin tưởng.",
               "Giá hợp lý, {goods} chất lượng tốt.", "Giao hàng đúng giờ, {goods} đóng gói cẩn thận.",
               "Hài lòng nhất là {point}.", "Gần nhà, tiện lợi, {point} tốt hơn hẳn chỗ khác.",
               "Mọi thứ đều ổn, sẽ giới thiệu cho bạn bè.", "Đổi trả {goods} rất nhanh, không hỏi nhiều."),
        "en": ("Good {goods} and friendly people.", "I like {point}, always quick and polite.",
               "Fresh {goods}, fair prices, close to home.", "Best shop in the area, {point} never lets me down.")},
    "passive": {
        "vi": ("Nói chung là được, {point} cần cải thiện thêm.", "{Goods} tạm ổn, nhưng giá hơi cao.",
               "Bình thường, chỗ nào cũng như nhau.", "Hàng tốt nhưng {point} lúc được lúc không.",
               "Nên có thêm khuyến mãi cho {goods}.", "Cũng ổn, chỉ mong có nhiều loại {goods} hơn."),
        "en": ("It is fine, but {point} could be better.", "Nothing special, {goods} are cheaper elsewhere.",
               "OK overall, more choice of {goods} please.")},
    "detractor": {
        "vi": ("Giao hàng trễ hai lần liên tiếp, gọi tổng đài không ai nghe máy.", "{Goods} không tươi, giá lại cao.",
               "Thất vọng về {point}.", "Chờ tính tiền quá lâu, nhân viên thì thờ ơ.",
               "Ứng dụng hay lỗi lúc thanh toán, mất cả giỏ hàng.", "Khiếu nại về {goods} mà không ai giải quyết.",
               "Giá tăng liên tục, {goods} thì hết hàng hoài.", "Sẽ không quay lại vì {point} quá tệ."),
        "en": ("Late delivery again and nobody answers the phone.", "Bad {goods} again, and no refund.",
               "Very disappointed with {point}.", "The app fails at payment every time.")},
}
STREETS = ("Lê Lợi", "Nguyễn Trãi", "Hai Bà Trưng", "Trần Hưng Đạo", "Lý Thường Kiệt", "Điện Biên Phủ")
DETAILS = {  # kind of private detail: sentences that carry it
    "phone": ("Gọi lại cho tôi số {phone} nhé.", "Call me back on {phone} please.", "Zalo của tôi: {phone}."),
    "email": ("Trả lời qua {email} giúp tôi.", "Write to {email}."),
    "address": ("Nhà tôi ở số {number} đường {street}, giao nhầm hoài.",
                "Tôi ở {number}/{alley} {street}, Phường {ward}."),
}
# fmt: on


def plain(text):
    """Text in lower-case ASCII letters without spaces, as in an e-mail address."""
    text = unicodedata.normalize("NFD", text.replace("Đ", "D").replace("đ", "d"))
    return "".join(c for c in text if c.isascii() and c.isalpha()).lower()


def pick(rng, options):
    """One of the options, as it is."""
    return options[int(rng.integers(len(options)))]


def email(rng, name):
    """An address made of given name, family name and a number."""
    return f"{plain(name.split()[-1])}.{plain(name.split()[0])}{rng.integers(1, 1000)}@example.com"


def contacts(rng, sexes):
    """Name, phone and e-mail for each person, given the sex."""
    names = [f"{pick(rng, FAMILY)} {pick(rng, GIVEN[sex])}" for sex in sexes]
    phones = [f"0900{number:06d}" for number in rng.permutation(1_000_000)[: len(names)]]
    return names, phones, [email(rng, name) for name in names]


def comment(rng, score):
    """One open comment that fits an answer 0-10 to the recommendation question; two in three are Vietnamese."""
    group = "promoter" if score >= 9 else "passive" if score >= 7 else "detractor"
    language = "vi" if rng.random() < 0.67 else "en"
    goods = pick(rng, GOODS[language])
    text = pick(rng, COMMENTS[group][language])
    return text.format(goods=goods, Goods=goods.capitalize(), point=pick(rng, POINTS[language]))


def private_detail(rng, kind):
    """A sentence that gives away a phone number, an e-mail address or a street address."""
    name = f"{pick(rng, FAMILY)} {pick(rng, GIVEN['f'])}"
    return pick(rng, DETAILS[kind]).format(
        phone=f"0900{rng.integers(1_000_000):06d}",
        email=email(rng, name),
        street=pick(rng, STREETS),
        number=rng.integers(2, 300),
        alley=rng.integers(1, 60),
        ward=rng.integers(1, 15),
    )


def comments(rng, scores, share):
    """Comments for about `share` of the respondents, None for the others."""
    return np.array([comment(rng, score) if rng.random() < share else None for score in scores], dtype=object)
