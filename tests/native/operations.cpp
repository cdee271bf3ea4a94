// Everything a batch can do: g[k] is operation k of (a, b, c) = (x[0], x[1], x[2]), in the order of
// native_test.cpp's list.
#include <lanewise/native.hpp>

namespace {

struct Operations {
    static constexpr std::size_t dimension = 54;

    template <class B>
    B operator()(const B* x, B* g) const {
        const B a = x[0];
        const B b = x[1];
        const B c = x[2];
        B* next = g;
        const auto put = [&](B result) { *next++ = result; };
        put(a + b), put(a - b), put(a * b), put(a / b), put(-a), put(+a);
        put(fma(a, b, c)), put(fms(a, b, c)), put(fnma(a, b, c));
        put(sqrt(a)), put(abs(a)), put(sign(a)), put(floor(a)), put(ceil(a));
        put(min(a, b)), put(max(a, b)), put(sin(a)), put(cos(a));
        const auto [sine, cosine] = sincos(a);
        put(sine), put(cosine);
        put(exp(a)), put(exp2(a)), put(expm1(a)), put(log(a)), put(log2(a)), put(log10(a)), put(log1p(a));
        put(tan(a)), put(asin(a)), put(acos(a)), put(atan(a)), put(sinh(a)), put(cosh(a)), put(tanh(a));
        put(cbrt(a)), put(erf(a)), put(erfc(a)), put(atan2(a, b)), put(hypot(a, b)), put(pow(a, b));
        put(select(a < b, 1, 2)), put(select(a <= b, 1, 2)), put(select(a > b, 1, 2));
        put(select(a >= b, 1, 2)), put(select(a == b, 1, 2)), put(select(a != b, 1, 2));
        put(select((a < b) & (b < c), c, a)), put(select((a < b) | (b < c), c, a)),
            put(select(!(a < b), c, a));
        B sum = 1;
        sum += a, put(sum);
        sum -= b, put(sum);
        sum *= c, put(sum);
        sum /= a, put(sum);
        put(2 * a - 3);
        return a;
    }
};

}  // namespace

LANEWISE_NATIVE(Operations)
