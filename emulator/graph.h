/// Graph: Microsoft Graph as far as the client secrets of applications go: an application, `addPassword`,
/// `removePassword`.
///
/// Shapes as recorded (the value of a client secret is in the answer that makes it and in no other). An application is
/// addressed by its object id, or by `applications(appId='…')`.

#pragma once

#include "emulator/service.h"

namespace kssedr::emulator {

class Graph final : public Service {
public:
    explicit Graph(Ground ground) : ground_(ground) {}

    void name(Call& call) const override;
    listen::Response answer(Call& call) override;
    listen::Response refuse(Call const& call, unsigned status, std::string const& code,
                            std::string const& message) override;

private:
    std::optional<listen::Response> turn_away(Call& call);
    listen::Response show(Call const& call, App const& app);
    listen::Response add(Call& call, App& app);
    listen::Response remove(Call& call, App& app);
    listen::Response unauthorized(Call const& call, std::string const& message);
    void dress(Call const& call, listen::Response& response);

    Ground ground_;
};

}  // namespace kssedr::emulator
