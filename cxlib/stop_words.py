"""Words that say nothing by themselves, in English and Vietnamese: a short list of each, written for comments.

GRAMMAR ends a phrase and is no term. WEAK is no term of its own, but may be part of a phrase: not working, quá lâu.
"""


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# fmt: off
GRAMMAR = {
    "en": _words("""
        a about after again all already also always am an and any anything are around as at away be because been
        before being both but by can could did do does doing during each else etc even ever every everything few
        for from further get gets getting go goes going got had has have having he her here him his how i i'd
        i'll i'm i've if in into is it it's its itself just let lets lot lots made make makes making many may
        maybe me might mine most much must my myself need needs of often ok okay on once one only or other our
        ours own perhaps please put quite rather really same say says see shall she should since so some
        something still such take takes than that that's the their them then there these they they're thing
        things think this those though three through till to too two under until us use used using very want
        wants was way we we're we've well went were what when where which while who whom why will with would yes
        you you're your yours
    """),
    "vi": _words("""
        ai ba bằng bị bốn bởi cho chắc chỉ chứ các cái còn có cùng cũng cả của cứ do dù giờ gì hai hay hiện hoài
        hoặc hãy hơi hẳn hết khi khá kia luôn là lúc lần lắm mà mình mọi mỗi một nay ngoài nha nhé như nhưng
        những nào này nè nên nếu nữa ra rất rằng rồi sao sau sẽ sự theo thì thế trong trên trước tui tuy tôi tại
        từ từng việc và vào vì vô vẫn vậy về với xin à đang đi điều đâu đây đã đó được đấy đến đều để đối ơi ạ
        ấy ở
    """),
}
WEAK = {
    "en": _words("""
        aren't back bad best better big can't cannot couldn't didn't doesn't don't down fine first good great
        hadn't hasn't haven't high isn't last less like liked likes little long love low more never new next
        nice no nobody none not nothing off old out over short shouldn't small up wasn't weren't without won't
        worse worst wouldn't
    """),
    "vi": _words("""
        lại anh bao biết bên bạn chung chúng chưa chẳng chị chỗ con cần em hàng hơn không khỏi loại làm lên mong
        muốn mới ngày người nhiều nhất nói năm nơi phải quá tháng thêm thấy trả xuống ít ông đồ đừng
    """),
}
