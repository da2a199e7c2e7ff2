"""Words by which names of persons are told from others, in small letters: Vietnamese names, and what is none."""

from cxlib.stop_words import GRAMMAR, WEAK


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# fmt: off
FAMILY = _words("""
    nguyễn nguyen trần tran lê phạm pham huỳnh huynh hoàng phan vũ võ đặng dang bùi bui đỗ hồ ngô ngo dương duong lý
    đinh dinh đoàn doan trịnh trinh trương truong lâm mai cao tạ lưu phùng quách tô châu thái đào vương hà
""")
FAMILY_ALONE = _words("nguyễn nguyen huỳnh huynh phạm pham")  # that are no other word
FAMILY_OR_WORD = _words("hoàng hồ dang bui ngo dinh doan lâm mai cao tạ lưu tô châu thái đào vương hà")
MIDDLE = _words("thị thi văn van")
GIVEN = _words("""
    tuấn hùng dũng cường thắng quân khoa huy phúc hoàng khánh tùng trung hải sơn nam phong minh lan hoa trang linh thảo
    hương dung thủy thuỷ ngọc phương yến oanh nga vy trinh nhung hạnh loan tuyết quỳnh trâm ngân hồng
""")
NAMES = GIVEN | FAMILY | MIDDLE | _words("ánh đức hữu bích kim thanh như xuân thùy thu anh bảo gia diệu")
COMMON = GRAMMAR["en"] | WEAK["en"] | GRAMMAR["vi"] | WEAK["vi"] | _words("""
    bực buồn bán cám cảm chán chê chờ chậm chất chăm cực dịch gọi ghét giao giá gì hoàn hài hỏi hy khen khách kém khó ko
    kỹ làm lừa lễ mua mất nghĩ nhân nhận nhanh nhờ phục quản quên riêng rẻ sai siêu sướng sản ship shipper thích thất
    thật tin tiếc tiền toán tuổi tuyệt tài tìm tệ tốt tức tư vui vẻ xem xong xấu yêu ủng ổn đặt đẹp đầy đợi đồng
    bé angry happy rude sad unhappy upset
""")
# What is no name where one is expected, though it begins with a capital.
THINGS = _words("""
    an app chủ công customer cửa giao hàng khách kế lễ management manager my ngân nhân quản reception service services
    ship shipper shop siêu staff support sản the thu tài tư web your
""")
# Two syllables that are a word, though the first alone is a name.
COMPOUNDS = frozenset(tuple(pair.split()) for pair in """
    cường độ|dung dịch|dung lượng|hoa hồng|hoa quả|hương vị|hạnh phúc|hải sản|hồng hào|khoa học|linh hoạt|linh động
    minh bạch|nam nữ|ngân hàng|phong cách|phong phú|phương pháp|phương tiện|phương án|quân đội|thị hiếu|thị phần
    thị trường|thị trấn|thị xã|trang phục|trang thiết|trang trí|trang web|trang điểm|trung bình|trung thành|trung thực
    trung tâm|văn bản|văn hoá|văn hóa|văn minh|văn phòng
""".replace("\n", "|").split("|") if pair.strip())
# fmt: on
