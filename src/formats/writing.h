/// How a text is written where it stands in a value: escaped, quoted, encoded. What JSON does to it comes on top.
///
/// | writing | where                                                   | quotes and escapes |
/// |---------|---------------------------------------------------------|-------------------------------------------------|
/// | plain   | alone, in a JSON document, in `Name=value;…` of Azure's | none | | percent | in a URL | `%XX` | | member
/// | in `Name=value;…` of ADO.NET, ODBC and JDBC             | `"a""b"`, `'a''b'`, `{a}}b}`, or none           | |
/// keyword | in `name=value name='value'` of libpq                   | `'a\'b'`, `\` before what would else end it |
///
/// Quotes are a part of what is written. They stay as they were, and are put where the new text needs them. Sources:
/// OLE DB and ADO.NET, "Connection String Syntax"; PostgreSQL, "Connection Strings".

#pragma once

#include "base/secret_string.h"

#include <cstdint>
#include <optional>
#include <string_view>

namespace kssedr::formats {

enum class Writing : std::uint8_t { plain, percent, member, keyword };

/// The text that is written so; nothing where it is not written so.
[[nodiscard]] std::optional<SecretString> read_written(std::string_view written, Writing writing);
/// The text as it is written in the place of `before`.
[[nodiscard]] SecretString write(SecretString const& text, Writing writing, std::string_view before);

}  // namespace kssedr::formats
