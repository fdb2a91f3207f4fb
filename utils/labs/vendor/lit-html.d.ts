// The part of lit-html 3.3.3 (BSD-3-Clause, beside this file) that the labs use.
export function html(strings: TemplateStringsArray, ...values: unknown[]): unknown;
export function svg(strings: TemplateStringsArray, ...values: unknown[]): unknown;
export function render(value: unknown, container: HTMLElement): unknown;
export const nothing: unique symbol;
