#include "lanewise/version.hpp"

#include <fmt/core.h>
#include <sleef.h>
#include <toml++/toml.h>

#include <boost/version.hpp>
#include <nlohmann/detail/abi_macros.hpp>
#include <tao/pegtl/version.hpp>
#include <xsimd/config/xsimd_config.hpp>

namespace lanewise {

std::string_view version() noexcept {
    return LANEWISE_VERSION;
}

std::vector<std::pair<std::string, std::string>> dependencies() {
    return {
        {"xsimd", fmt::format("{}.{}.{}", XSIMD_VERSION_MAJOR, XSIMD_VERSION_MINOR, XSIMD_VERSION_PATCH)},
        {"SLEEF",
         fmt::format("{}.{}.{}", SLEEF_VERSION_MAJOR, SLEEF_VERSION_MINOR, SLEEF_VERSION_PATCHLEVEL)},
        {"Boost",
         fmt::format("{}.{}.{}", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
        {"OpenMP", fmt::format("{}", _OPENMP)},
        {"PEGTL", TAO_PEGTL_VERSION},
        {"nlohmann-json", fmt::format("{}.{}.{}", NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR,
                                      NLOHMANN_JSON_VERSION_PATCH)},
        {"toml++", fmt::format("{}.{}.{}", TOML_LIB_MAJOR, TOML_LIB_MINOR, TOML_LIB_PATCH)},
        {"fmt", fmt::format("{}.{}.{}", FMT_VERSION / 10000, FMT_VERSION / 100 % 100, FMT_VERSION % 100)},
    };
}

}  // namespace lanewise
