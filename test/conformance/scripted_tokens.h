/// ScriptedTokens: an azure::TokenSource that gives token-1 until it is rejected, then token-2, and so on.

#pragma once

#include "azure/token_source.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace kssedr::test {

class ScriptedTokens final : public azure::TokenSource {
public:
    Async<azure::Token> bearer(std::string audience, SteadyPoint) override {
        audiences.push_back(audience);
        if (failure) co_return fail(*failure, "no token, as the test wants");
        auto& token = given_[audience];
        if (!token)
            token = std::make_shared<SecretString const>(SecretString::copy_of("token-" + std::to_string(++count_)));
        co_return token;
    }

    void reject(std::string const& audience, azure::Token const& token) override {
        if (given_[audience] == token) given_[audience] = nullptr;
    }

    std::vector<std::string> audiences;
    std::optional<Errc> failure;

private:
    int count_ = 0;
    std::map<std::string, azure::Token> given_;
};

}  // namespace kssedr::test
