// Options of fits by name: every field has one, and each is read as it is written.
#include "lanewise/fit_options.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <type_traits>

#include "catch.hpp"

using namespace lanewise;

namespace {

/// A value of the option that is not its default.
std::string another(std::string_view name) {
    if (name == "start") return "1,2*3";
    if (name == "rule") return "nadam";
    if (name == "precision") return "f32";
    if (name == "isa") return std::string(isa_name(choose_isa()));
    if (name == "jit") return "off";
    if (name == "absolute-sigma") return "yes";
    if (name == "beta1" || name == "beta2") return "0.5";
    return "7";
}

std::string refusal(std::string_view name, std::string_view text) {
    FitOptions options;
    try {
        set_fit_option(options, name, text);
    } catch (const std::invalid_argument& error) {
        return error.what();
    }
    return "accepted";
}

/// How many of the fields differ from what they are by default. One more field does not compile until it is
/// here, and then has to have a name.
std::size_t changed(const FitOptions& options) {
    const FitOptions defaults;
    const auto differs = [](const auto& a, const auto& b) { return a == b ? 0U : 1U; };
    const auto& [starts, start_points, seed, iterations, rule, most_steps, tolerance, absolute_sigma,
                 precision, jit, threads, isa, memory, max_time, progress, stop, checkpoint, every, resume] =
        options;
    const auto& [method, alpha, beta1, beta2, eps] = rule;
    CHECK((!progress && !stop && !checkpoint && resume.empty()));
    const Rule& usual = defaults.rule;
    return differs(starts, defaults.starts) + differs(start_points, defaults.start_points) +
           differs(seed, defaults.seed) + differs(iterations, defaults.iterations) +
           differs(method, usual.method) + differs(alpha, usual.alpha) + differs(beta1, usual.beta1) +
           differs(beta2, usual.beta2) + differs(eps, usual.eps) + differs(most_steps, defaults.most_steps) +
           differs(tolerance, defaults.tolerance) + differs(absolute_sigma, defaults.absolute_sigma) +
           differs(precision, defaults.precision) + differs(jit, defaults.jit) +
           differs(threads, defaults.threads) + differs(isa, defaults.isa) +
           differs(memory, defaults.memory) + differs(max_time, defaults.max_time) +
           differs(every, defaults.checkpoint_every);
}

}  // namespace

TEST_CASE("each option of fits sets a field of its own") {
    FitOptions options;
    std::size_t set = 0;
    for (const std::string_view name : fit_option_names()) {
        INFO(name);
        set_fit_option(options, name, another(name));
        CHECK(changed(options) == ++set);
    }
    CHECK(set == 19);
    CHECK(options.start_points == std::vector<std::vector<double>>{{1, 6}});
    CHECK(options.seed == 7);
    CHECK(options.absolute_sigma);
}

TEST_CASE("options of fits that are none are refused by name") {
    CHECK_THAT(refusal("step", "1"), ContainsSubstring("unknown option 'step'"));
    CHECK_THAT(refusal("lr", "1"), ContainsSubstring("did you mean 'alpha'"));
    CHECK_THAT(refusal("tolerance", "small"), ContainsSubstring("tolerance 'small': is not a number"));
    CHECK_THAT(refusal("precision", "f16"), ContainsSubstring("must be one of: f64, f32"));
    CHECK_THAT(refusal("starts", "-1"), ContainsSubstring("starts '-1'"));
}

TEST_CASE("losses are read by their names") {
    CHECK(parse_loss("soft-l1") == Loss::soft_l1);
    CHECK_THROWS_WITH(
        parse_loss("soft"),
        ContainsSubstring("loss 'soft': must be one of: squared, huber, soft-l1, cauchy, poisson, logistic"));
}
