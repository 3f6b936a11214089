/** Commit messages: Conventional Commits, with the limits of CONTRIBUTING.md. */
export default {
  extends: ['@commitlint/config-conventional'],
  rules: {
    'header-max-length': [2, 'always', 72],
    // A colon in the last paragraph is taken for a footer.
    'footer-leading-blank': [0],
    'body-max-line-length': [2, 'always', 100],
  },
};
