#include "lanewise/isa.hpp"

#include <cstdlib>

#include "catch.hpp"
#include "lanewise/lanewise.hpp"

using namespace lanewise;

namespace {

/// Sets LANEWISE_ISA for a while.
class Environment {
  public:
    explicit Environment(const char* value) {
        if (const char* now = std::getenv("LANEWISE_ISA")) before_ = now;
        setenv("LANEWISE_ISA", value, 1);
    }
    Environment(const Environment&) = delete;
    Environment& operator=(const Environment&) = delete;
    ~Environment() {
        if (before_) {
            setenv("LANEWISE_ISA", before_->c_str(), 1);
        } else {
            unsetenv("LANEWISE_ISA");
        }
    }

  private:
    std::optional<std::string> before_;
};

}  // namespace

TEST_CASE("the instruction set of the environment is the one that runs") {
    const char* wanted = std::getenv("LANEWISE_ISA");
    if (wanted == nullptr) return;
    CHECK(isa_name(choose_isa()) == wanted);
    CHECK(isa_name(minimize("x^2", Box{{"x", -1, 1}}, {.starts = 16, .iterations = 10}).isa) == wanted);
}

TEST_CASE("instruction sets are listed, named and forced") {
    REQUIRE_FALSE(built_isas().empty());
    for (const Isa isa : built_isas()) {
        CHECK(parse_isa(isa_name(isa)) == isa);
        const Environment environment(isa_name(isa).data());
        if (isa_available(isa)) {
            CHECK(choose_isa() == isa);
            CHECK(minimize("x^2", Box{{"x", -1, 1}}, {.starts = 16, .iterations = 10}).isa == isa);
        } else {
            CHECK_THROWS_WITH(choose_isa(),
                              ContainsSubstring("not supported by this build on this processor"));
        }
    }
#if defined(__x86_64__)
    CHECK(isa_available(Isa::sse2));
    CHECK_FALSE(isa_available(Isa::neon));
    CHECK_THROWS_WITH(choose_isa(Isa::neon), ContainsSubstring("isa 'neon': not supported"));
#endif
    const Environment empty("");
    for (const Isa isa : built_isas()) {
        if (isa_available(isa)) CHECK(choose_isa() >= isa);
    }
    const Environment unknown("mmx");
    CHECK_THROWS_WITH(choose_isa(), ContainsSubstring("isa 'mmx': unknown; available here: "));
    CHECK_THROWS_AS(choose_isa(), std::invalid_argument);
}
