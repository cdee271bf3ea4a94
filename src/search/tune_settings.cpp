#include "tune_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#include "design.hpp"
#include "logarithm.hpp"
#include "tune_list.hpp"

namespace lanewise {

namespace {

constexpr std::size_t most_settings = 1'000'000;

double number_of(const std::string& digits) {
    double number = 0;
    std::from_chars(digits.data(), digits.data() + digits.size(), number);
    return number;
}

/// With three digits.
double shortened(double number) {
    return number_of(fmt::format("{:.2e}", number));
}

/// With three digits of 1 - number.
double shortened_below_1(double number) {
    const int decimals = 2 - static_cast<int>(std::floor(std::log10(1 - number)));
    return number_of(fmt::format("{:.{}f}", number, std::max(decimals, 2)));
}

/// What lies in the range at a fraction of the way through it.
double within(const Between& range, Spread spread, double fraction) {
    const auto [lower, upper] = range;
    double number = 0;
    switch (spread) {
        case Spread::number: number = shortened(lower + fraction * (upper - lower)); break;
        case Spread::logarithm: number = shortened(exp_over(fraction * log_over(upper, lower), lower)); break;
        case Spread::distance_to_1:
            number =
                shortened_below_1(1 - exp_over((1 - fraction) * log_over(1 - lower, 1 - upper), 1 - upper));
            break;
    }
    return fraction == 0 ? lower : fraction == 1 ? upper : std::clamp(number, lower, upper);
}

template <class T>
void check(const Dial& dial, const Varied<T>& varied) {
    if (!varied.range) return;
    const double lower = varied.range->lower;
    const double upper = varied.range->upper;
    const auto refuse = [&](std::string_view allowed) {
        throw std::invalid_argument(fmt::format("vary {} {}:{}: {}", dial.name, lower, upper, allowed));
    };
    if (!varied.values.empty()) refuse("either values or a range");
    if constexpr (std::is_enum_v<T>) refuse("has no range; must be values");
    if (!(lower <= upper) || !std::isfinite(lower) || !std::isfinite(upper))
        refuse("must be finite, and rise");
    if (dial.spread == Spread::logarithm && !(lower > 0)) refuse("must begin above 0");
    if (dial.spread == Spread::distance_to_1 && !(lower >= 0 && upper < 1))
        refuse("must be at least 0 and below 1");
    if (std::is_integral_v<T> && (lower < 0 || lower != std::floor(lower) || upper != std::floor(upper)))
        refuse("must be whole numbers, 0 or above");
}

void check(const TuneOptions& options) {
    TuneSetting none{};
    visit_dials(options, none, [](const Dial& dial, const auto& varied, auto&) { check(dial, varied); });
    if (options.settings && options.grid)
        throw std::invalid_argument(fmt::format("settings {}: either settings or grid, which is {}",
                                                *options.settings, *options.grid));
    if (options.settings && (*options.settings < 1 || *options.settings > most_settings))
        throw std::invalid_argument(
            fmt::format("settings {}: must be 1 to {}", *options.settings, most_settings));
    if (options.grid && (*options.grid < 2 || *options.grid > most_settings))
        throw std::invalid_argument(fmt::format("grid {}: must be 2 to {}", *options.grid, most_settings));
}

template <class T>
T value_at(const Dial& dial, const Varied<T>& varied, double place) {
    if (!varied.range) return varied.values[static_cast<std::size_t>(place)];
    const double number = within(*varied.range, dial.spread, place);
    return static_cast<T>(std::is_integral_v<T> ? std::round(number) : number);
}

/// Places of what is varied, in the order of the dials: the index of a value, or how far through the range.
using Places = std::vector<double>;

class Settings {
  public:
    Settings(const Options& options, const TuneOptions& tune_options)
        : base_{.rule = options.rule,
                .schedule = options.schedule,
                .warm_up = options.warm_up,
                .final_alpha = options.final_alpha,
                .iterations = options.iterations},
          options_(tune_options),
          seed_(options.seed) {}

    std::vector<TuneSetting> list() { return options_.settings ? sobol() : grid(); }

  private:
    /// Calls `visit(dial, varied)` for each that is.
    template <class Visit>
    void visit(Visit visit) {
        visit_dials(options_, base_, [&](const Dial& dial, const auto& varied, auto&) {
            if (is_varied(varied)) visit(dial, varied);
        });
    }

    TuneSetting setting_at(const Places& places) {
        TuneSetting setting = base_;
        auto place = places.begin();
        visit_dials(options_, setting, [&](const Dial& dial, const auto& varied, auto& field) {
            if (is_varied(varied)) field = value_at(dial, varied, *place++);
        });
        return setting;
    }

    /// What is varied last changes first.
    std::vector<TuneSetting> grid() {
        std::vector<std::size_t> levels;
        std::vector<bool> is_range;
        std::size_t count = 1;
        visit([&](const Dial& dial, const auto& varied) {
            levels.push_back(varied.range ? options_.grid.value() : varied.values.size());
            is_range.push_back(varied.range.has_value());
            if (levels.back() > most_settings / count)
                throw std::invalid_argument(
                    fmt::format("vary {}: with {} values of it there are more than {} settings", dial.name,
                                levels.back(), most_settings));
            count *= levels.back();
        });
        std::vector<TuneSetting> settings;
        for (std::size_t i = 0; i < count; ++i) {
            Places places(levels.size());
            std::size_t rest = i;
            for (std::size_t j = levels.size(); j-- > 0; rest /= levels[j]) {
                const auto level = static_cast<double>(rest % levels[j]);
                places[j] = is_range[j] ? level / static_cast<double>(levels[j] - 1) : level;
            }
            settings.push_back(setting_at(places));
        }
        return settings;
    }

    std::vector<TuneSetting> sobol() {
        Places units;  // by which a place between 0 and 1 is to be multiplied
        visit([&](const Dial&, const auto& varied) {
            units.push_back(varied.range ? 1 : static_cast<double>(varied.values.size()));
        });
        const SobolPoints points(seed_, units.size());
        std::vector<TuneSetting> settings;
        Places places(units.size());
        for (std::size_t i = 0; i < *options_.settings; ++i) {
            points.point(i, places);
            std::ranges::transform(places, units, places.begin(), std::multiplies());
            settings.push_back(setting_at(places));
        }
        return settings;
    }

    TuneSetting base_;
    TuneOptions options_;
    std::uint64_t seed_;
};

}  // namespace

TuneOptions with_used(TuneOptions options) {
    constexpr std::size_t usual_settings = 64;
    check(options);
    bool is_any_varied = false;
    bool has_range = false;
    TuneSetting none{};
    visit_dials(options, none, [&](const Dial&, const auto& varied, auto&) {
        is_any_varied = is_any_varied || is_varied(varied);
        has_range = has_range || varied.range;
    });
    if (!is_any_varied) {
        options.alpha = Between{1e-3, 1};
        options.beta1 = Between{0, 0.99};
        options.beta2 = Between{0.9, 0.9999};
        has_range = true;
    }
    if (!options.grid && !options.settings && has_range) options.settings = usual_settings;
    return options;
}

std::vector<TuneSetting> settings_of(const Options& options, const TuneOptions& tune_options) {
    return Settings(options, tune_options).list();
}

}  // namespace lanewise
