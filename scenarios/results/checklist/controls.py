"""The control points 控制点 of level 3, by the numbers of GB/T 22239-2019, part 8.1 (安全通用要求)."""

from __future__ import annotations

from typing import NamedTuple


class Control(NamedTuple):
    """One control point: where it stands, and its name in both languages."""

    clause: str
    chinese: str
    english: str


AREAS: dict[str, tuple[str, str, tuple[tuple[str, str], ...]]] = {
    "8.1.1": (
        "安全物理环境",
        "Physical environment",
        (
            ("物理位置选择", "choice of site"),
            ("物理访问控制", "physical access control"),
            ("防盗窃和防破坏", "theft and damage"),
            ("防雷击", "lightning"),
            ("防火", "fire"),
            ("防水和防潮", "water and damp"),
            ("防静电", "static electricity"),
            ("温湿度控制", "temperature and humidity"),
            ("电力供应", "power supply"),
            ("电磁防护", "electromagnetic protection"),
        ),
    ),
    "8.1.2": (
        "安全通信网络",
        "Communication network",
        (("网络架构", "network architecture"), ("通信传输", "transmission"), ("可信验证", "trusted verification")),
    ),
    "8.1.3": (
        "安全区域边界",
        "Area boundary",
        (
            ("边界防护", "boundary protection"),
            ("访问控制", "access control"),
            ("入侵防范", "intrusion prevention"),
            ("恶意代码和垃圾邮件防范", "malicious code and spam"),
            ("安全审计", "security audit"),
            ("可信验证", "trusted verification"),
        ),
    ),
    "8.1.4": (
        "安全计算环境",
        "Computing environment",
        (
            ("身份鉴别", "identity authentication"),
            ("访问控制", "access control"),
            ("安全审计", "security audit"),
            ("入侵防范", "intrusion prevention"),
            ("恶意代码防范", "malicious code"),
            ("可信验证", "trusted verification"),
            ("数据完整性", "data integrity"),
            ("数据保密性", "data confidentiality"),
            ("数据备份恢复", "backup and recovery"),
            ("剩余信息保护", "residual information"),
            ("个人信息保护", "personal information"),
        ),
    ),
    "8.1.5": (
        "安全管理中心",
        "Management centre",
        (
            ("系统管理", "system administration"),
            ("审计管理", "audit administration"),
            ("安全管理", "security administration"),
            ("集中管控", "central monitoring"),
        ),
    ),
    "8.1.6": (
        "安全管理制度",
        "Security policies",
        (
            ("安全策略", "strategy"),
            ("管理制度", "rules"),
            ("制定和发布", "drafting and publishing"),
            ("评审和修订", "review and revision"),
        ),
    ),
    "8.1.7": (
        "安全管理机构",
        "Security organisation",
        (
            ("岗位设置", "posts"),
            ("人员配备", "staffing"),
            ("授权和审批", "authorisation and approval"),
            ("沟通和合作", "communication and cooperation"),
            ("审核和检查", "review and inspection"),
        ),
    ),
    "8.1.8": (
        "安全管理人员",
        "Personnel",
        (
            ("人员录用", "hiring"),
            ("人员离岗", "leaving"),
            ("安全意识教育和培训", "awareness and training"),
            ("外部人员访问管理", "visitors"),
        ),
    ),
    "8.1.9": (
        "安全建设管理",
        "Construction",
        (
            ("定级和备案", "grading and filing"),
            ("安全方案设计", "design of the scheme"),
            ("产品采购和使用", "purchase and use of products"),
            ("自行软件开发", "software of one's own"),
            ("外包软件开发", "outsourced software"),
            ("工程实施", "implementation"),
            ("测试验收", "acceptance tests"),
            ("系统交付", "delivery"),
            ("等级测评", "assessment of the level"),
            ("服务供应商选择", "choice of suppliers"),
        ),
    ),
    "8.1.10": (
        "安全运维管理",
        "Operation",
        (
            ("环境管理", "premises"),
            ("资产管理", "assets"),
            ("介质管理", "media"),
            ("设备维护管理", "maintenance"),
            ("漏洞和风险管理", "vulnerabilities and risks"),
            ("网络和系统安全管理", "networks and systems"),
            ("恶意代码防范管理", "malicious code"),
            ("配置管理", "configuration"),
            ("密码管理", "cryptography"),
            ("变更管理", "changes"),
            ("备份与恢复管理", "backup and recovery"),
            ("安全事件处置", "incidents"),
            ("应急预案管理", "emergency plans"),
            ("外包运维管理", "outsourced operation"),
        ),
    ),
}
"""Clause -> (name, name in English, its control points in their order)."""

CONTROLS: tuple[Control, ...] = tuple(
    Control(f"{clause}.{number}", chinese, english)
    for clause, (_, _, points) in AREAS.items()
    for number, (chinese, english) in enumerate(points, start=1)
)
"""All of them, in the standard's order."""
