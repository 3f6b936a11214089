/** Styles of the page: CSS modules, and a global style sheet with tokens. */
export default {
  extends: ['stylelint-config-standard'],
  rules: {
    // Class names of a module are properties in TypeScript.
    'selector-class-pattern': '^[a-z][a-zA-Z0-9]*$',
    // Blank lines group the tokens.
    'custom-property-empty-line-before': null,
    // Names of fonts keep their spelling.
    'value-keyword-case': ['lower', { ignoreProperties: ['--font'], camelCaseSvgKeywords: true }],
  },
  overrides: [{ files: ['**/base.css'], rules: { 'selector-class-pattern': '^[a-z][a-z0-9-]*$' } }],
};
