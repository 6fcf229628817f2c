/// TokenCache: the TokenSource over any TokenIssuer.
///
/// One request per audience is under way at a time, however many wait for it; they share its token, or its error.
/// Before a token ends it is refreshed ahead by the caller who comes first, while others go on with the old one; where
/// that fails, so does he, as long as the old one lives. There is no task of the cache's own: nobody asks, nothing
/// happens.
///
/// Rule (that of Azure's own libraries): a token with less than five minutes left counts as ended; one that lives two
/// hours or more is refreshed from half its life on, any other in the last ten minutes. Event loop thread only.

#pragma once

#include "async/clock.h"
#include "azure/token_source.h"
#include "base/log.h"

#include <map>
#include <memory>
#include <string>

namespace kssedr::azure {

class TokenCache final : public TokenSource {
public:
    TokenCache(TokenIssuer& issuer, Clock& clock, Log& log);
    ~TokenCache() override;

    Async<Token> bearer(std::string audience, SteadyPoint deadline) override;
    void reject(std::string const& audience, Token const& token) override;

private:
    struct Flight;
    struct Entry {
        Token token;  // null: none, or refused
        SteadyPoint ends{};
        SteadyPoint refresh_from{};
        std::shared_ptr<Flight> flight;  // the request under way
    };

    Async<Token> fetch(std::string audience, SteadyPoint deadline);
    Token keep(Entry& entry, IssuedToken issued);

    TokenIssuer& issuer_;
    Clock& clock_;
    Log& log_;
    std::map<std::string, Entry> entries_;
};

}  // namespace kssedr::azure
