/// Xml: the answers of storage services, which are small documents of elements and texts.
///
/// Read by expat, which is loaded when it is first needed. Hostile input: no document type, and so no entities of its
/// own; limits on size, depth and number.

#pragma once

#include "base/error.h"

#include <string>
#include <string_view>
#include <vector>

namespace kssedr::azure {

struct XmlElement {
    std::string name;
    std::string text;  ///< all of its own, joined
    std::vector<XmlElement> children;

    /// The first child of that name; null where there is none.
    [[nodiscard]] XmlElement const* find(std::string_view child) const;
    /// The text of that child; empty where there is none.
    [[nodiscard]] std::string_view text_of(std::string_view child) const;
};

/// The root. `corrupt` where it is no such document; `unavailable` where expat is not installed.
[[nodiscard]] Result<XmlElement> parse_xml(std::string_view text);

}  // namespace kssedr::azure
