const DIGITS = 15;

/**
 * A number as GitHub prints it: .NET's `G15`, in the invariant culture. At most 15 digits; scientific (`1E+15`,
 * `1E-05`) from 10¹⁵ up and below 10⁻⁴.
 */
export function formatNumber(value: number): string {
  if (value === 0) return "0";
  if (!Number.isFinite(value)) return String(value);
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  const [mantissa = "", exponentText = "0"] = value.toExponential(DIGITS - 1).split("e");
  const exponent = Number(exponentText);
  if (exponent > -5 && exponent < DIGITS) return trimZeros(value.toFixed(DIGITS - 1 - exponent));
  const sign = exponent < 0 ? "-" : "+";
  return `${trimZeros(mantissa)}E${sign}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

function trimZeros(digits: string): string {
  return digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits;
}
