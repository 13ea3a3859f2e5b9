"""The words of the pages, in English and Japanese."""

from __future__ import annotations

from typing import Final

Texts = dict[str, str]

ENGLISH: Final[Texts] = {
    "lang": "en",
    "verified": "This address is verified",
    "verified_text": "{address} may now send mail. You can close this page.",
    "not_verified": "This link does not work any more",
    "not_verified_text": "A verification link works for 24 hours. Ask for a new mail to get a new link.",
    "unknown": "This link leads nowhere",
    "unknown_text": "It may be incomplete, or the list it belongs to is gone. No further mail comes from such a list.",
    "preferences": "What would you like to receive?",
    "of": "Mail to {address}",
    "save": "Save",
    "leave": "Unsubscribe from everything",
    "left_now": "You are unsubscribed from everything.",
    "no_topics": "This list has no topics to choose from.",
    "subscribe": "Subscribe again",
    "saved": "Your choice is saved",
    "saved_text": "You can close this page.",
    "unsubscribed": "You are unsubscribed",
    "back": "Change your choice",
}
JAPANESE: Final[Texts] = {
    "lang": "ja",
    "verified": "メールアドレスを確認しました",
    "verified_text": "{address} からメールを送信できるようになりました。このページを閉じてください。",
    "not_verified": "このリンクは無効です",
    "not_verified_text": "確認リンクの有効期限は24時間です。新しい確認メールを依頼してください。",
    "unknown": "このリンクは無効です",
    "unknown_text": "リンクが途中で切れているか、配信リストが削除されています。削除されたリストのメールは届きません。",
    "preferences": "受け取るメールの設定",
    "of": "{address} 宛のメール",
    "save": "保存する",
    "leave": "すべての配信を停止する",
    "left_now": "すべての配信を停止しています。",
    "no_topics": "このリストには選択できるトピックがありません。",
    "subscribe": "配信を再開する",
    "saved": "設定を保存しました",
    "saved_text": "このページを閉じてください。",
    "unsubscribed": "配信を停止しました",
    "back": "設定を変更する",
}


def choose_texts(accept_language: str | None) -> Texts:
    """Choose by the first of the reader's languages that is here (RFC 9110 §12.5.4); q values are not looked at."""
    for wanted in (accept_language or "").lower().split(","):
        language = wanted.partition(";")[0].strip().partition("-")[0]
        if language == "ja":
            return JAPANESE
        if language == "en":
            return ENGLISH
    return ENGLISH
