#include "store/database.h"

namespace kssedr::store {

std::int64_t number_at(Row const& row, std::size_t column) {
    auto const* const number = column < row.size() ? std::get_if<std::int64_t>(&row[column]) : nullptr;
    return number == nullptr ? 0 : *number;
}

std::string text_at(Row const& row, std::size_t column) {
    auto const* const text = column < row.size() ? std::get_if<std::string>(&row[column]) : nullptr;
    return text == nullptr ? std::string() : *text;
}

std::string bytes_at(Row const& row, std::size_t column) {
    auto const* const blob = column < row.size() ? std::get_if<Blob>(&row[column]) : nullptr;
    return blob == nullptr ? std::string() : blob->bytes;
}

}  // namespace kssedr::store
