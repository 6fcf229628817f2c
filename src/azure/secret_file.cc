#include "azure/secret_file.h"

#include <array>
#include <filesystem>
#include <fstream>

namespace kssedr::azure {

Result<SecretString> read_secret_file(std::string const& path, std::string_view name) {
    constexpr std::size_t largest = 64U << 10U;
    auto const refuse = [&](std::string_view why) {
        return fail(Errc::unavailable, std::string(name) + ' ' + std::string(why));
    };
    // A pipe would hold up the whole program until somebody wrote to it.
    std::error_code error;
    if (!std::filesystem::is_regular_file(path, error)) return refuse("cannot be read");
    std::ifstream file;
    file.rdbuf()->pubsetbuf(nullptr, 0);  // the secret is copied into our own memory only
    file.open(path, std::ios::binary);
    if (!file) return refuse("cannot be read");
    SecretString content;
    content.reserve(largest);
    std::array<char, 1024> piece{};
    while (file && content.size() < largest) {
        file.read(piece.data(), piece.size());
        content.append({piece.data(), static_cast<std::size_t>(file.gcount())});
        wipe(piece);
    }
    if (content.empty()) return refuse("is empty");
    if (content.size() >= largest) return refuse("is larger than 64 KB");
    return content;
}

}  // namespace kssedr::azure
