import { ChatClient } from '@chat/client';
import { randomUUID } from 'node:crypto';
import type {
  Browser,
  BrowserContext,
  BrowserContextOptions,
  Locator,
  Page,
} from 'playwright-core';

export const PASSWORD = 'correct horse battery';

/** Somebody at a browser of their own, who uses the page as people do. */
export class Person {
  /** Errors and warnings that the browser wrote, violations of the content policy among them. */
  readonly complaints: string[] = [];
  readonly #tolerated: RegExp[] = [];
  /** Nobody else's, in any test. */
  readonly username: string;
  readonly email: string;

  private constructor(
    name: string,
    readonly context: BrowserContext,
    private readonly url: string,
    public page: Page,
  ) {
    this.username = `${name}-${randomUUID().slice(0, 8)}`;
    this.email = `${this.username}@example.com`;
    this.#listen();
  }

  static async arrive(
    browser: Browser,
    url: string,
    name: string,
    options: BrowserContextOptions = {},
  ): Promise<Person> {
    const context = await browser.newContext({
      viewport: { width: 1200, height: 800 },
      ...options,
    });
    context.setDefaultTimeout(15_000);
    const person = new Person(name, context, url, await context.newPage());
    await person.open('/');
    return person;
  }

  /** Expects what the browser writes because of something that the test does to the page. */
  tolerate(complaint: RegExp): void {
    this.#tolerated.push(complaint);
  }

  async open(path: string): Promise<void> {
    await this.page.goto(this.url + path);
  }

  async signUp(): Promise<void> {
    await this.page.getByRole('button', { name: 'Create an account' }).click();
    await this.page.getByLabel('E-mail').fill(this.email);
    await this.page.getByLabel('Username').fill(this.username);
    await this.page.getByLabel('Password', { exact: true }).fill(PASSWORD);
    await this.page.getByRole('button', { name: 'Create account' }).click();
    await this.page.getByRole('heading', { name: 'Rooms', exact: true }).waitFor();
  }

  /** Closes the tab and opens another one; what the browser keeps is kept. */
  async closeTab(): Promise<void> {
    await this.page.close();
  }

  async openTab(path: string): Promise<void> {
    this.page = await this.context.newPage();
    this.#listen();
    await this.open(path);
  }

  async leave(): Promise<void> {
    await this.context.close();
  }

  get composer(): Locator {
    return this.page.getByRole('textbox', { name: /^Message to/ });
  }

  async write(text: string): Promise<void> {
    await this.composer.fill(text);
    await this.page.keyboard.press('Enter');
  }

  async enterRoom(name: string): Promise<void> {
    await this.page.getByRole('navigation').getByRole('link', { name }).click();
    await this.page.getByRole('heading', { level: 2, name }).waitFor();
  }

  /** The rows that show this text. */
  rows(text: string): Locator {
    return this.page
      .getByRole('region', { name: 'Messages' })
      .getByRole('listitem')
      .filter({ has: this.page.getByText(text, { exact: true }) });
  }

  async see(text: string): Promise<void> {
    await this.rows(text).first().waitFor();
  }

  /** Waits until the own message is marked so. */
  async seeMark(text: string, mark: 'Waiting to be sent' | 'Stored'): Promise<void> {
    await this.rows(text).getByTitle(mark, { exact: true }).waitFor();
  }

  /** Ends this browser's session from another device. */
  async endSessionElsewhere(): Promise<void> {
    const client = new ChatClient({ url: this.url });
    await client.session.login({ email: this.email, password: PASSWORD });
    const sessions = await client.rest.sessions();
    for (const { id, current } of sessions) if (!current) await client.rest.revokeSession(id);
    client.close();
  }

  /** Whether the page can be moved sideways. */
  async scrollsSideways(): Promise<boolean> {
    return this.page.evaluate(() => document.documentElement.scrollWidth > window.innerWidth);
  }

  #listen(): void {
    this.page.on('console', (message) => {
      const complains = message.type() === 'error' || message.type() === 'warning';
      const tolerated = this.#tolerated.some((pattern) => pattern.test(message.text()));
      if (complains && !tolerated) this.complaints.push(message.text());
    });
    this.page.on('pageerror', (error) => this.complaints.push(String(error.stack)));
  }
}
