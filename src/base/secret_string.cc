#include "base/secret_string.h"

#include <openssl/crypto.h>

#include <algorithm>
#include <cstring>
#include <utility>

namespace kssedr {

void wipe(std::span<char> bytes) {
    // glibc's is as fast as memset, where OPENSSL_cleanse goes word by word.
    if (!bytes.empty()) ::explicit_bzero(bytes.data(), bytes.size());
}

SecretString::SecretString(SecretString&& other) noexcept
    : bytes_(std::move(other.bytes_)),
      size_(std::exchange(other.size_, 0)),
      capacity_(std::exchange(other.capacity_, 0)) {}

SecretString& SecretString::operator=(SecretString&& other) noexcept {
    if (this == &other) return *this;
    clear();
    bytes_ = std::move(other.bytes_);
    size_ = std::exchange(other.size_, 0);
    capacity_ = std::exchange(other.capacity_, 0);
    return *this;
}

SecretString::~SecretString() {
    clear();
}

SecretString SecretString::copy_of(std::string_view bytes) {
    SecretString secret;
    secret.reserve(bytes.size());
    secret.append(bytes);
    return secret;
}

SecretString SecretString::absorb(std::string&& bytes) {
    SecretString secret = copy_of(bytes);
    wipe({bytes.data(), bytes.size()});
    bytes.clear();
    return secret;
}

void SecretString::append(std::string_view bytes) {
    if (bytes.empty()) return;
    if (size_ + bytes.size() > capacity_) reserve(std::max(size_ + bytes.size(), capacity_ * 2));
    std::memcpy(bytes_.get() + size_, bytes.data(), bytes.size());
    size_ += bytes.size();
}

void SecretString::reserve(std::size_t capacity) {
    if (capacity <= capacity_) return;
    auto grown = std::make_unique_for_overwrite<char[]>(capacity);
    if (size_ != 0) std::memcpy(grown.get(), bytes_.get(), size_);
    wipe({bytes_.get(), size_});
    bytes_ = std::move(grown);
    capacity_ = capacity;
}

void SecretString::clear() {
    wipe({bytes_.get(), size_});
    bytes_.reset();
    size_ = capacity_ = 0;
}

bool SecretString::equals(std::string_view a, std::string_view b) {
    return a.size() == b.size() && (a.empty() || CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0);
}

}  // namespace kssedr
